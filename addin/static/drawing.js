// Draws a page and keeps it true: `boot.js` has begun to ask while this was still loading.

import { keepFocus } from "./focus.js";
import { html, render } from "./html.js";
import { HostProblem } from "./script.js";
import { listen } from "./session.js";
import { loadSprite } from "./sprite.js";
import { createStore, joinSlices } from "./store.js";
import { bar, hostLine, setUpLine, sideView } from "./views/frame.js";

/** The page's own mark of its first useful paint: what it is about, or why there is nothing, is on screen. */
function markUseful() {
  if (performance.getEntriesByName("liaison:useful").length) return;
  requestAnimationFrame(() => setTimeout(() => performance.mark("liaison:useful")));
}

/** What was begun, or null with the reason in the state. */
async function opened(opening, store) {
  try {
    return await opening;
  } catch (problem) {
    if (!(problem instanceof HostProblem)) throw problem;
    store.update({ hostProblem: problem });
    return null;
  }
}

/**
 * Draw a page in `root`: {home, actions, isUseful} as `boot.js` has loaded them. `opening` resolves to what it has
 * begun: {host, api, me, …}; it rejects with a HostProblem, and is null where nobody can sign in.
 *
 * Each module of actions has its slice of the state (`initial`) and makes its actions (`create`). Among these it
 * may have `begin(begun)` for what the page is about, `settle()` for what can wait until that is there,
 * `hear(news)` to renew what news names, and `refresh()` to look at all of its own again.
 */
export async function drawPage(root, { home, actions: modules, isUseful }, opening) {
  const store = createStore(joinSlices({ page: { initial: () => ({ hostProblem: null }) }, ...modules }));
  const actions = { startAgain: () => location.reload() };
  const all = (hook, ...values) =>
    Promise.all(Object.keys(modules).map((name) => actions[name][hook]?.(...values)));

  function content({ state }) {
    if (!opening) return html`<main>${setUpLine(root.dataset.docs)}</main>`;
    if (state.hostProblem) return html`${bar(state)} <main>${hostLine(state, actions)}</main>`;
    return html`${bar(state, actions)} ${sideView(state, actions) ?? home(state, actions)}`;
  }

  function draw() {
    keepFocus(() => render(content(store), root));
    if (!opening || store.state.hostProblem || isUseful(store.state)) markUseful();
  }

  loadSprite();
  const begun = await opened(opening, store);
  for (const [name, { create }] of Object.entries(begun ? modules : {})) {
    actions[name] = create({ store, api: begun.api, actions });
  }
  const work = begun && all("begin", begun);
  root.replaceChildren();
  store.subscribe(draw);
  draw();
  if (!begun) return;
  await work;
  listen(begun.api, all);
  await all("settle");
}
