// The pane's first script, kept small: it asks about the open email while everything that draws still loads.

import { createApi } from "./api.js";
import { createAuth } from "./auth.js";
import { readEntra } from "./entra.js";
import { openHost } from "./host.js";
import { loadMessages } from "./messages.js";

const root = document.getElementById("pane");
const page = { isSetUp: root.dataset.signIn === "ready", docsUrl: root.dataset.docs };

/** A failure is handled by whoever awaits the promise later; until then it is no unhandled one. */
function early(promise) {
  promise.catch(() => {});
  return promise;
}

async function open() {
  const host = await openHost(root.dataset.office);
  const api = createApi(createAuth(host, readEntra(root)));
  const item = host.item();
  return {
    host,
    api,
    item,
    email: item && early(api.lookUpEmail(item)),
    me: early(api.me()),
  };
}

const words = loadMessages();
const opening = page.isSetUp ? early(open()) : null;
try {
  const [{ startPane }] = await Promise.all([import("./start.js"), words]);
  await startPane(root, page, opening);
} catch (error) {
  // Nothing that draws may have come, so the words for this stand in the page already.
  root.hidden = true;
  document.getElementById("failed").hidden = false;
  throw error;
}
