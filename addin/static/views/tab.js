// What the tab is about: the search beside the record it led to.

import { html } from "../html.js";
import { recordSection } from "./record.js";
import { searchSection } from "./search.js";

/** What the tab shows beside its bar and side views. */
export function home(state, actions) {
  return html`<main class="tab-grid ${state.opened.reference ? "has-record" : ""}">
    ${searchSection(state, actions)} ${recordSection(state, actions)}
  </main>`;
}
