// Draws the pane and keeps it true: `pane.js` has begun to ask while this was still loading.

import { createMailActions } from "./actions/mail.js";
import { createPeopleActions } from "./actions/people.js";
import { createSettingsActions } from "./actions/settings.js";
import { createTimelineActions } from "./actions/timeline.js";
import { createWhoActions } from "./actions/who.js";
import { keepFocus } from "./focus.js";
import { render } from "./html.js";
import { HostProblem } from "./script.js";
import { listen, loadUser } from "./session.js";
import { loadSprite } from "./sprite.js";
import { createStore, emptyState } from "./store.js";
import { paneView } from "./views/pane.js";

/** The page's own mark of its first useful paint: who this is and *Track* are on screen. */
function markUseful(state, page) {
  const isUseful = state.email || state.emailProblem || state.hostProblem || !page.isSetUp;
  if (!isUseful || performance.getEntriesByName("liaison:useful").length) return;
  requestAnimationFrame(() => setTimeout(() => performance.mark("liaison:useful")));
}

function createActions(store, api) {
  const timeline = createTimelineActions({ store, api });
  const who = createWhoActions({ store, api, timeline });
  const mail = createMailActions({ store, api, timeline, who });
  const people = createPeopleActions({ store, api, mail });
  const settings = createSettingsActions({ store, api, timeline });
  return { timeline, mail, people, settings, startAgain: () => location.reload() };
}

/**
 * Draw the pane in `root`. `opening` resolves to what `pane.js` has begun: {host, api, item, email, me}, the last
 * two as promises; it rejects with a HostProblem, and is null where nobody can sign in.
 */
export async function startPane(root, page, opening) {
  const store = createStore(emptyState());
  let actions = { startAgain: () => location.reload() };
  const draw = () => {
    keepFocus(() => render(paneView(store.state, actions, page), root));
    markUseful(store.state, page);
  };
  store.subscribe(draw);
  loadSprite();
  root.replaceChildren();
  draw();
  if (!opening) return;
  try {
    const { host, api, item, email, me } = await opening;
    actions = createActions(store, api);
    store.update({ isStarting: false });
    host.onItemChanged(actions.mail.openItem);
    const current = host.item();
    const isSame = current?.internetMessageId === item?.internetMessageId;
    const tellProblem = (problem) => store.update({ emailProblem: store.state.emailProblem ?? problem });
    await Promise.all([
      loadUser(store, me, tellProblem),
      actions.mail.openItem(current, isSame ? email : null),
    ]);
    listen(store, api, actions, { look: actions.mail.refresh, concerns: actions.mail.concerns });
    await Promise.all([actions.settings.loadFailures(), actions.settings.loadPreferences()]);
  } catch (problem) {
    if (!(problem instanceof HostProblem)) throw problem;
    store.update({ hostProblem: problem });
  }
}
