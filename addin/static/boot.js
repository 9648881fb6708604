// What pane and tab begin with, kept small: it asks while everything that draws still loads.

import { createApi } from "./api.js";
import { createAuth } from "./auth.js";
import { readEntra } from "./entra.js";
import { loadMessages } from "./messages.js";

/** A failure is handled by whoever awaits the promise later; until then it is no unhandled one. */
export function early(promise) {
  promise.catch(() => {});
  return promise;
}

async function open(root, { openHost, ask }) {
  const host = await openHost(root.dataset.host);
  const api = createApi(createAuth(host, readEntra(root)));
  return { host, api, ...ask(host, api), me: early(api.me()) };
}

async function load({ home, actions, isUseful }) {
  const modules = Object.values(actions).map((each) => each());
  const [{ drawPage }, view, ...loaded] = await Promise.all([import("./drawing.js"), home(), ...modules]);
  const byName = Object.fromEntries(Object.keys(actions).map((name, at) => [name, loaded[at]]));
  return (root, opening) => drawPage(root, { home: view.home, actions: byName, isUseful }, opening);
}

/**
 * Begin a page in the element `root` names. `openHost(src)` starts the application around it, `ask(host, api)` gives
 * what is asked beside who this is, as promises; `home` loads the view of what the page is about, `actions` the
 * modules of what can be done there, by name; `isUseful(state)` whether that is on screen.
 */
export async function boot(page) {
  const root = document.getElementById(page.root);
  const words = loadMessages();
  const opening = root.dataset.signIn === "ready" ? early(open(root, page)) : null;
  try {
    const [draw] = await Promise.all([load(page), words]);
    await draw(root, opening);
  } catch (error) {
    // Nothing that draws may have come, so the words for this stand in the page already.
    root.hidden = true;
    document.getElementById("failed").hidden = false;
    throw error;
  }
}
