// The dialog in which one signs in where neither nested app auth nor the host's own token is to be had: goes to
// Entra, comes back, and hands the token to the page that opened it. Nothing of it stays here.

import { configure, loadMsal, readEntra } from "./entra.js";
import { loadMessages, t } from "./messages.js";
import { loadScript } from "./script.js";

const root = document.getElementById("sign-in");
const asked = new URLSearchParams(location.search);
// Whoever comes back from Entra brings this; if MSAL does not know it any more, going there again would be a loop.
const isBack = /[#&](code|error)=/.test(location.hash);

// The bot opened this dialog: it is told a code, which chats may hold, while the token goes to our server.
const isForBot = asked.get("for") === "teams";

async function fetchCode(token) {
  const response = await fetch("/api/v1/sign-in-codes", {
    method: "POST",
    headers: { Authorization: `Bearer ${token}` },
    credentials: "omit",
  });
  if (!response.ok) throw new Error(`no code: ${response.status}`);
  return (await response.json()).code;
}

function say(key) {
  root.querySelector("h1").textContent = t(key);
  root.querySelector("p").textContent = t(`${key}.do`);
}

/** Who opened this dialog: {tell({token})}, which also closes it. */
async function openParent() {
  if (asked.get("host") === "teams" || isForBot) {
    await loadScript(root.dataset.teams);
    const { app, authentication } = window.microsoftTeams;
    await app.initialize();
    return {
      async tell({ token }) {
        if (!token) authentication.notifyFailure("refused");
        else authentication.notifySuccess(isForBot ? await fetchCode(token) : token);
      },
    };
  }
  await loadScript(root.dataset.office);
  await window.Office.onReady();
  return {
    tell: (message) =>
      window.Office.context.ui.messageParent(JSON.stringify(message), { targetOrigin: location.origin }),
  };
}

/** The token with which one has come back from Entra, null where one has yet to go there. */
async function signIn(entra) {
  await loadMsal();
  const client = await window.msal.createStandardPublicClientApplication(configure(entra, "sessionStorage"));
  const result = await client.handleRedirectPromise();
  if (result) {
    await client.clearCache({ account: result.account });
    return result.accessToken;
  }
  if (isBack) throw new Error("nobody was expected back");
  const claims = asked.get("claims");
  await client.acquireTokenRedirect({
    scopes: entra.scopes,
    prompt: claims ? "login" : "select_account",
    ...(claims && { claims }),
  });
  return null;
}

const words = loadMessages();
const parent = openParent();
parent.catch(() => {}); // told below, once there is something to hand over
try {
  const token = await signIn(readEntra(root));
  if (token) await (await parent).tell({ token });
} catch (error) {
  await words;
  console.info("nobody signed in", error.errorCode ?? error.message);
  say("host.refused");
  (await parent).tell({ problem: "refused" });
}
