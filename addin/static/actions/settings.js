// The user's own choices and failures, beside what the page is about.

import { announce } from "../announce.js";
import { t } from "../messages.js";
import { stateText } from "../views/state.js";

/** The page itself is shown ("home"), and neither of its two side views. */
export const initial = () => ({
  view: "home",
  preferences: null,
  preferencesProblem: null,
  failures: null,
  failuresProblem: null,
  failureCount: 0,
});

/** Actions of the two side views; `show(view)` changes between them and the page itself. */
export function create({ store, api, actions }) {
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
      await actions.timeline.refresh();
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
    store.update({ view });
    if (view === "home") return undefined;
    actions.records?.leaveFocus();
    return view === "failures" ? loadFailures() : loadPreferences();
  }

  return {
    show,
    settle: () => Promise.all([loadFailures(), loadPreferences()]),
    refresh: () => (store.state.preferences ? undefined : loadPreferences()),
    hear: (news) => (news.some(({ own }) => own) ? loadFailures() : undefined),
    loadFailures,
    loadPreferences,
    showUntracked,
    retryFailure,
  };
}
