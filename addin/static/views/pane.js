// What the pane is about: who is in the open email, *Track*, and the timeline.

import { html, nothing } from "../html.js";
import { t } from "../messages.js";
import { line } from "./controls.js";
import { timelineSection } from "./timeline.js";
import { trackSection } from "./track.js";
import { whoSection } from "./who.js";

/** What the pane shows beside its bar and side views. */
export function home(state, actions) {
  const isOff = state.feature && state.feature.state !== "on";
  const told = isOff ? line("info", { title: t("feature.off"), detail: state.feature.reason ?? "" }) : nothing;
  // Off is no failure; that nobody could be looked up for the people of the email is one.
  const isFailed = state.emailProblem && state.emailProblem.code !== "feature_off";
  const middle = isOff && !isFailed ? told : html`${told} ${trackSection(state, actions)}`;
  return html`<main>
    ${state.item ? nothing : html`<p class="empty">${t("item.none")}</p>`}
    ${whoSection(state, actions)} ${middle} ${timelineSection(state, actions)}
  </main>`;
}
