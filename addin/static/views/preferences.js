// What each user decides alone.

import { html, live, nothing } from "../html.js";
import { t } from "../messages.js";
import { line, problemLine, skeleton } from "./controls.js";

const CONFLICT = 409;

function untrackedSwitch(state, actions) {
  if (state.feature && state.feature.state !== "on") {
    return line("info", { title: t("feature.off"), detail: state.feature.reason ?? "" });
  }
  return html`<label class="switch">
    <span class="text">
      <span class="name">${t("preferences.auto_capture")}</span>
      <span class="caption">${t("preferences.hint")}</span>
    </span>
    <input
      type="checkbox"
      role="switch"
      .checked=${live(state.preferences.auto_capture)}
      @change=${(event) => actions.settings.showUntracked(event.target.checked)}
    />
  </label>`;
}

/** Why they are not known or not saved; what was changed meanwhile is there already, so nothing is to be tried again. */
export function preferencesLine({ preferencesProblem }, actions) {
  if (!preferencesProblem) return nothing;
  return problemLine(
    preferencesProblem,
    preferencesProblem.status === CONFLICT ? null : actions.settings.loadPreferences,
  );
}

/** The preferences view; each change is saved at once. */
export function preferencesView(state, actions) {
  const { preferences, preferencesProblem } = state;
  return html`<section aria-labelledby="view-title" data-home="preferences" tabindex="-1">
    <h1 id="view-title" tabindex="-1" data-autofocus>${t("preferences.title")}</h1>
    ${preferencesLine(state, actions)}
    ${!preferences && !preferencesProblem ? skeleton(1, t("loading.preferences")) : nothing}
    ${preferences ? untrackedSwitch(state, actions) : nothing}
    ${state.user ? html`<p class="quiet signed-in">${t("preferences.signed_in", state.user)}</p>` : nothing}
  </section>`;
}
