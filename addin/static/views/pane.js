// The whole pane: a bar, the lines that stay until their cause is gone, and one of three views.

import { html, nothing } from "../html.js";
import { t } from "../messages.js";
import { line, skeleton } from "./controls.js";
import { bar, hostLine, setUpLine, SIDE_VIEWS } from "./frame.js";
import { timelineSection } from "./timeline.js";
import { trackSection } from "./track.js";
import { whoSection } from "./who.js";

function mailView(state, actions) {
  if (state.isStarting) return html`${skeleton(1, t("loading.email"))} ${skeleton(3, t("loading.email"))}`;
  const isOff = state.feature && state.feature.state !== "on";
  const told = isOff ? line("info", { title: t("feature.off"), detail: state.feature.reason ?? "" }) : nothing;
  // Off is no failure; that nobody could be looked up for the people of the email is one.
  const isFailed = state.emailProblem && state.emailProblem.code !== "feature_off";
  const middle = isOff && !isFailed ? told : html`${told} ${trackSection(state, actions)}`;
  return html`${state.item ? nothing : html`<p class="empty">${t("item.none")}</p>`}
  ${whoSection(state, actions)} ${middle} ${timelineSection(state, actions)}`;
}

/** What the pane shows for `state`; `page` is {isSetUp, docsUrl} of the template. */
export function paneView(state, actions, page) {
  if (!page.isSetUp) return html`<main>${setUpLine(page.docsUrl)}</main>`;
  const view = SIDE_VIEWS[state.view] ?? mailView;
  return html`${bar(state, actions)}
    <main>${state.hostProblem ? hostLine(state, actions) : view(state, actions)}</main>`;
}
