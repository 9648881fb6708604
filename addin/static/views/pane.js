// The whole pane: a bar, the lines that stay until their cause is gone, and one of three views.

import { html, nothing } from "../html.js";
import { t } from "../messages.js";
import { button, iconButton, line, skeleton } from "./controls.js";
import { failuresView } from "./failures.js";
import { preferencesView } from "./preferences.js";
import { timelineSection } from "./timeline.js";
import { trackSection } from "./track.js";
import { whoSection } from "./who.js";

const VIEWS = { failures: failuresView, preferences: preferencesView };

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

function bar(state, actions) {
  if (state.view !== "mail") {
    return html`<header class="bar" data-part=${state.view}>
      ${button(t("back"), () => actions.settings.show("mail"), {
        appearance: "subtle",
        symbol: "back",
        className: "flush",
      })}
    </header>`;
  }
  return html`<header class="bar">
    <h1 class="product" tabindex="-1">${t("product")}</h1>
    <div class="bar-buttons">
      ${failuresButton(state, actions)}
      ${iconButton(t("preferences.open"), "settings", () => actions.settings.show("preferences"), {
        opens: "preferences",
      })}
    </div>
  </header>`;
}

function setUpLine(docsUrl) {
  return line("warning", {
    title: t("sign_in.not_set_up"),
    detail: t("sign_in.not_set_up.do"),
    link: html`<a href=${docsUrl} target="_blank" rel="noopener">${t("sign_in.docs")}</a>`,
  });
}

function hostLine({ hostProblem }, actions) {
  return line("error", {
    title: t(hostProblem.code),
    detail: t(`${hostProblem.code}.do`),
    action: button(t("try_again"), actions.startAgain),
  });
}

function mailView(state, actions) {
  if (state.isStarting) return html`${skeleton(1, t("loading.email"))} ${skeleton(3, t("loading.email"))}`;
  if (state.feature && state.feature.state !== "on") {
    return line("info", { title: t("feature.off"), detail: state.feature.reason ?? "" });
  }
  return html`${state.item ? nothing : html`<p class="empty">${t("item.none")}</p>`}
  ${whoSection(state, actions)} ${trackSection(state, actions)} ${timelineSection(state, actions)}`;
}

/** What the pane shows for `state`; `page` is {isSetUp, docsUrl} of the template. */
export function paneView(state, actions, page) {
  if (!page.isSetUp) return html`<main>${setUpLine(page.docsUrl)}</main>`;
  const view = VIEWS[state.view] ?? mailView;
  return html`${bar(state, actions)}
    <main>${state.hostProblem ? hostLine(state, actions) : view(state, actions)}</main>`;
}
