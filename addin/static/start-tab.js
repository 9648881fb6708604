// Draws the tab and keeps it true: `tab.js` has begun to ask while this was still loading.

import { createRecordActions } from "./actions/records.js";
import { createSettingsActions } from "./actions/settings.js";
import { createTimelineActions } from "./actions/timeline.js";
import { keepFocus } from "./focus.js";
import { render } from "./html.js";
import { HostProblem } from "./script.js";
import { listen, loadUser } from "./session.js";
import { loadSprite } from "./sprite.js";
import { createStore, emptyTabState } from "./store.js";
import { tabView } from "./views/tab.js";

function createActions(store, api) {
  const timeline = createTimelineActions({ store, api });
  const records = createRecordActions({ store, api, timeline });
  const settings = createSettingsActions({ store, api, timeline });
  return { timeline, records, settings, startAgain: () => location.reload() };
}

/**
 * Draw the tab in `root`. `opening` resolves to what `tab.js` has begun: {api, me}, the latter as a promise;
 * it rejects with a HostProblem, and is null where nobody can sign in.
 */
export async function startTab(root, page, opening) {
  const store = createStore(emptyTabState());
  let actions = { startAgain: () => location.reload() };
  store.subscribe(() => keepFocus(() => render(tabView(store.state, actions, page), root)));
  loadSprite();
  try {
    const begun = await opening;
    root.replaceChildren();
    store.update({ isStarting: false });
    if (!begun) return;
    const { api, me } = begun;
    actions = createActions(store, api);
    addEventListener("popstate", actions.records.openAddress);
    await Promise.all([loadUser(store, me), actions.records.find(), actions.records.openAddress()]);
    // What a record is called and holds beside its timeline is no news: the regular look renews it.
    listen(store, api, actions, { look: actions.records.refresh, concerns: () => false });
    await Promise.all([actions.settings.loadFailures(), actions.settings.loadPreferences()]);
  } catch (problem) {
    if (!(problem instanceof HostProblem)) throw problem;
    root.replaceChildren();
    store.update({ hostProblem: problem });
  }
}
