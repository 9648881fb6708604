// What every page of ours keeps true while it is open: who is signed in, and what has changed since.

import { watchEvents } from "./events.js";

const EVENT_PAUSE_MS = 150;

/** Ask who this is; `tellProblem` is told of a failure. */
export async function loadUser(store, asked, tellProblem = () => {}) {
  try {
    const me = await asked;
    store.update({ user: me.user, feature: me.features.auto_capture });
  } catch (problem) {
    tellProblem(problem);
  }
}

/** Look again on news; `look` is what the page itself has to renew beside the timeline. */
export function listen(store, api, actions, look) {
  let pause = 0;
  // News arrive in bursts (a whole conversation is tracked): look once for each.
  const refresh = () => {
    clearTimeout(pause);
    pause = setTimeout(() => {
      look();
      actions.timeline.refresh();
      if (!store.state.user) loadUser(store, api.me());
      if (!store.state.preferences) actions.settings.loadPreferences();
    }, EVENT_PAUSE_MS);
  };
  watchEvents(api, {
    onEvent: ({ kind }) => {
      refresh();
      if (kind === "track") actions.settings.loadFailures();
    },
    onLook: refresh,
  });
}
