// The whole tab: the bar, and either a side view or the search beside the record it led to.

import { html } from "../html.js";
import { bar, hostLine, setUpLine, SIDE_VIEWS } from "./frame.js";
import { recordSection } from "./record.js";
import { searchSection } from "./search.js";

function homeView(state, actions) {
  return html`<main class="tab-grid ${state.opened.reference ? "has-record" : ""}">
    ${searchSection(state, actions)} ${recordSection(state, actions)}
  </main>`;
}

/** What the tab shows for `state`; `page` is {isSetUp, docsUrl} of the template. */
export function tabView(state, actions, page) {
  if (!page.isSetUp) return html`<main>${setUpLine(page.docsUrl)}</main>`;
  if (state.hostProblem) return html`${bar(state, actions)}<main>${hostLine(state, actions)}</main>`;
  const view = SIDE_VIEWS[state.view];
  return html`${bar(state, actions)} ${view ? html`<main>${view(state, actions)}</main>` : homeView(state, actions)}`;
}
