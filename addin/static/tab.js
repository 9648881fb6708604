// The tab's first script, kept small: it asks who this is while everything that draws still loads.

import { createApi } from "./api.js";
import { createAuth } from "./auth.js";
import { readEntra } from "./entra.js";
import { loadMessages } from "./messages.js";
import { openTeams } from "./teams.js";

const root = document.getElementById("tab");
const page = { isSetUp: root.dataset.signIn === "ready", docsUrl: root.dataset.docs };

/** A failure is handled by whoever awaits the promise later; until then it is no unhandled one. */
function early(promise) {
  promise.catch(() => {});
  return promise;
}

async function open() {
  const host = await openTeams(root.dataset.teams);
  const api = createApi(createAuth(host, readEntra(root)));
  return { api, me: early(api.me()) };
}

const words = loadMessages();
const opening = page.isSetUp ? early(open()) : null;
try {
  const [{ startTab }] = await Promise.all([import("./start-tab.js"), words]);
  await startTab(root, page, opening);
} catch (error) {
  // Nothing that draws may have come, so the words for this stand in the page already.
  root.hidden = true;
  document.getElementById("failed").hidden = false;
  throw error;
}
