// The user's own choices and failures, beside what the page is about.

import { announce } from "../announce.js";
import { t } from "../messages.js";
import { stateText } from "../views/state.js";

/** Actions of the two side views; `show(view)` changes between them and the page itself ("home"). */
export function createSettingsActions({ store, api, timeline }) {
  async function loadFailures() {
    try {
      const page = await api.failures();
      store.update({ failures: page.items, failureCount: page.items.length, failuresProblem: null });
    } catch (problem) {
      store.update({ failuresProblem: problem });
    }
  }

  async function loadPreferences() {
    try {
      store.update({ preferences: await api.preferences(), preferencesProblem: null });
    } catch (problem) {
      store.update({ preferencesProblem: problem });
    }
  }

  async function showUntracked(isShown) {
    const before = store.state.preferences;
    store.update({ preferences: { ...before, auto_capture: isShown }, preferencesProblem: null });
    try {
      const saved = await api.savePreferences({ auto_capture: isShown });
      store.update({ preferences: { ...before, ...saved } });
      announce(t("preferences.saved"));
      await timeline.refresh();
    } catch (problem) {
      store.update({ preferences: before, preferencesProblem: problem });
    }
  }

  async function retryFailure(item) {
    try {
      const answer = await api.retry(item.id);
      announce(stateText(answer, store.state.user));
      store.update({ failures: store.state.failures.map((each) => (each.id === item.id ? answer : each)) });
    } catch (problem) {
      store.update({ failuresProblem: problem });
    }
  }

  function show(view) {
    const { opened } = store.state;
    // A record that has just been chosen may still be on its way: who has gone elsewhere keeps the focus there.
    store.update({ view, ...(opened && { opened: { ...opened, takesFocus: false } }) });
    if (view === "failures") return loadFailures();
    if (view === "preferences") return loadPreferences();
    return undefined;
  }

  return { show, loadFailures, loadPreferences, showUntracked, retryFailure };
}
