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

const isSame = (one, other) => Boolean(one && other) && one.table === other.table && one.id === other.id;

/** Whether news is about what the timeline shows, or could show: new mail may belong to any record. */
function concernsTimeline({ timeline }, { kind, id, record }) {
  if (!timeline.record) return false;
  return kind === "mailbox" || isSame(record, timeline.record) || timeline.items.some((item) => item.id === id);
}

/**
 * Look again at what news names, and at everything from time to time. `look` is what the page itself has to renew
 * beside the timeline, `concerns(news)` whether news is about that.
 */
export function listen(store, api, actions, { look, concerns }) {
  let pause = 0;
  let heard = [];

  function lookAtAll() {
    heard = [];
    look();
    actions.timeline.refresh();
    if (!store.state.user) loadUser(store, api.me());
    if (!store.state.preferences) actions.settings.loadPreferences();
  }

  function lookAtHeard() {
    const news = heard;
    heard = [];
    if (news.some(concerns)) look();
    if (news.some((each) => concernsTimeline(store.state, each))) actions.timeline.refresh();
    if (news.some(({ own }) => own)) actions.settings.loadFailures();
  }

  watchEvents(api, {
    onEvent(news) {
      // News arrive in bursts (a whole conversation is tracked): look once for each.
      heard.push(news);
      clearTimeout(pause);
      pause = setTimeout(lookAtHeard, EVENT_PAUSE_MS);
    },
    onLook: lookAtAll,
  });
}
