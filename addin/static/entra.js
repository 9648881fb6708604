// Entra, through msal-browser: the only module that knows `msal`. Tokens stay in memory: no cookie, no storage.
// (The dialog alone leaves its page and comes back: there MSAL needs sessionStorage, emptied before it closes.)

import { HostProblem, loadScript, within } from "./script.js";

export const MSAL = "/static/vendor/@azure/msal-browser/lib/msal-browser.min.js";
const SIGN_IN_PAGE = "/addin/sign-in";
const CANCELED = "user_canceled";
const ANSWERS_WITHIN_MS = 10_000;

/** What the page was told of Entra: {authority, clientId, scopes}; null where the host's tokens are all there is. */
export function readEntra({ dataset }) {
  const { entraAuthority: authority, entraClient: clientId, entraScope } = dataset;
  return clientId ? { authority, clientId, scopes: [entraScope] } : null;
}

/** MSAL's settings; the operator vouches for the authority, so nobody else is asked about it. */
export function configure({ authority, clientId }, cacheLocation = "memoryStorage") {
  return {
    auth: {
      clientId,
      authority,
      knownAuthorities: [new URL(authority).host],
      redirectUri: `${location.origin}${SIGN_IN_PAGE}`,
    },
    cache: { cacheLocation },
  };
}

/** Load MSAL once. */
let loading = null;
export function loadMsal() {
  loading ??= loadScript(MSAL, new HostProblem("host.msal")).catch((error) => {
    loading = null;
    throw error;
  });
  return loading;
}

let nested = null;

/** The client of nested app auth, which Outlook or Teams answers; null where they don't know it. */
function openNested(entra) {
  if (!window.nestedAppAuthBridge) return Promise.resolve(null);
  nested ??= loadMsal()
    .then(() => window.msal.createNestablePublicClientApplication(configure(entra)))
    .catch((error) => {
      nested = null;
      throw error;
    });
  return nested;
}

/** What the bridge answers while nobody is asked anything; one that never does counts as broken. */
function promptly(answer) {
  return within(ANSWERS_WITHIN_MS, answer, new HostProblem("host.slow"));
}

/** A token without a word: {token, client}; without the token the user has to be asked, null if nothing works. */
async function askSilently(entra, request, isFresh) {
  let client = null;
  try {
    client = await promptly(openNested(entra));
    const found = await promptly(client?.acquireTokenSilent({ ...request, forceRefresh: isFresh }));
    return found && { token: found.accessToken, client };
  } catch (error) {
    if (client && error instanceof window.msal.InteractionRequiredAuthError) return { token: null, client };
    console.info("nested app auth does not work here", error.errorCode || error.code || error.name);
    return null;
  }
}

/**
 * A token by nested app auth: without a word if possible, else the host asks. Null where it is not known or does
 * not work (Outlook.com and mailboxes on premises have the bridge, but nobody behind it); who cancels, refuses.
 */
export async function askNested(entra, { claims, isFresh, mayAsk }) {
  const request = { scopes: entra.scopes, ...(claims && { claims }) };
  const silent = await askSilently(entra, request, isFresh);
  if (!silent || silent.token) return silent?.token ?? null;
  mayAsk();
  try {
    return (await silent.client.acquireTokenPopup(request)).accessToken;
  } catch (error) {
    console.info("the host signed nobody in", error.errorCode || error.name);
    if (error.errorCode === CANCELED) throw new HostProblem("host.refused");
    return null;
  }
}

/** A token by the dialog on our own page. */
export function askInDialog(host, claims) {
  const query = new URLSearchParams({ ...(claims && { claims }) });
  return host.askInDialog(`${location.origin}${SIGN_IN_PAGE}?${query}`);
}
