// The user's own choices and failures, beside what the page is about.

import { announce } from "../announce.js";
import { Problem } from "../api.js";
import { t } from "../messages.js";
import { stateText } from "../views/state.js";

const CONFLICT = 409;

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
  let told = null; // the preferences as the server has last told them
  let wanted = null;
  let saving = null;

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
      told = await api.preferences();
      store.update({ preferences: told, preferencesProblem: null });
    } catch (problem) {
      store.update({ preferencesProblem: problem });
    }
  }

  /** Keep the choice, unless preferences were changed elsewhere since they were read. */
  function showUntracked(isShown) {
    wanted = isShown;
    store.update({ preferences: { ...told, auto_capture: isShown }, preferencesProblem: null });
    saving ??= save().finally(() => (saving = null));
    return saving;
  }

  async function save() {
    try {
      let kept = null;
      // Who changes it again while it is on its way means the last: it goes out at the version of the one before.
      while (kept !== wanted) {
        kept = wanted;
        told = await api.savePreferences({ auto_capture: kept, version: told.version });
      }
      store.update({ preferences: told });
      announce(t("preferences.saved"));
    } catch (problem) {
      store.update({ preferences: told, preferencesProblem: problem });
      if (problem.status === CONFLICT) await takeChange();
    }
    await actions.timeline.refresh();
  }

  /** Show what holds now and what was changed, for the person to decide anew. */
  async function takeChange() {
    const before = told;
    await loadPreferences();
    if (store.state.preferencesProblem) return; // not even that could be read, and it says so
    const isOther = told.auto_capture === before.auto_capture;
    const change = isOther ? "other" : told.auto_capture ? "on" : "off";
    const detail = t(`preferences.changed.${change}`, { name: t("preferences.auto_capture") });
    store.update({
      preferencesProblem: new Problem({ title: t("preferences.changed"), status: CONFLICT, detail }),
    });
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
