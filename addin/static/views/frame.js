// What pane and tab have around what they are about: the bar, the two side views, and why there is nothing else.

import { html, nothing } from "../html.js";
import { t } from "../messages.js";
import { button, iconButton, line } from "./controls.js";
import { failuresView } from "./failures.js";
import { preferencesView } from "./preferences.js";

/** The views beside "home", by the name that the state has for them. */
const SIDE_VIEWS = { failures: failuresView, preferences: preferencesView };

function failuresButton(state, actions) {
  if (!state.failureCount) return nothing;
  return iconButton(
    t("failures.open", { count: state.failureCount }),
    "failed",
    () => actions.settings.show("failures"),
    {
      mark: html`<span class="count" aria-hidden="true">${state.failureCount}</span>`,
      opens: "failures",
    },
  );
}

function barButtons(state, actions) {
  const open = () => actions.settings.show("preferences");
  return html`<div class="bar-buttons">
    ${failuresButton(state, actions)}
    ${iconButton(t("preferences.open"), "settings", open, { opens: "preferences" })}
  </div>`;
}

/** The side view that is open, or null while the page shows what it is about. */
export function sideView(state, actions) {
  const view = SIDE_VIEWS[state.view];
  return view ? html`<main>${view(state, actions)}</main>` : null;
}

/** The bar at the top: the product's name and, once somebody is there, the side views, or the way back from one. */
export function bar(state, actions = null) {
  if (state.view !== "home") {
    return html`<header class="bar" data-part=${state.view}>
      ${button(t("back"), () => actions.settings.show("home"), {
        appearance: "subtle",
        symbol: "back",
        className: "flush",
      })}
    </header>`;
  }
  return html`<header class="bar">
    <h1 class="product" tabindex="-1">${t("product")}</h1>
    ${actions ? barButtons(state, actions) : nothing}
  </header>`;
}

/** Nobody can sign in yet, and what an operator does about it. */
export function setUpLine(docsUrl) {
  return line("warning", {
    title: t("sign_in.not_set_up"),
    detail: t("sign_in.not_set_up.do"),
    link: html`<a href=${docsUrl} target="_blank" rel="noopener">${t("sign_in.docs")}</a>`,
  });
}

/** Outlook or Teams is not there, or gave no token. */
export function hostLine({ hostProblem }, actions) {
  return line("error", {
    title: t(hostProblem.code),
    detail: t(`${hostProblem.code}.do`),
    action: button(t("try_again"), actions.startAgain),
  });
}
