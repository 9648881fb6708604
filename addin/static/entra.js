// Entra, through msal-browser: the only module that knows `msal`. Tokens stay in memory: no cookie, no storage.
// (The dialog alone leaves its page and comes back: there MSAL needs sessionStorage, emptied before it closes.)

import { HostProblem, loadScript } from "./script.js";

export const MSAL = "/static/vendor/@azure/msal-browser/lib/msal-browser.min.js";
const SIGN_IN_PAGE = "/addin/sign-in";

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

/** A token by nested app auth: without a word if possible, else the host asks; null where it is not known. */
export async function askNested(entra, { claims, isFresh, mayAsk }) {
  const client = await openNested(entra);
  if (!client) return null;
  const request = { scopes: entra.scopes, ...(claims && { claims }) };
  try {
    return (await client.acquireTokenSilent({ ...request, forceRefresh: isFresh })).accessToken;
  } catch (error) {
    if (!(error instanceof window.msal.InteractionRequiredAuthError)) {
      console.info("no token without a word", error.errorCode);
      throw new HostProblem("host.failed");
    }
  }
  mayAsk();
  try {
    return (await client.acquireTokenPopup(request)).accessToken;
  } catch (error) {
    console.info("nobody signed in", error.errorCode);
    throw new HostProblem("host.refused");
  }
}

/** A token by the dialog on our own page. */
export function askInDialog(host, claims) {
  const query = new URLSearchParams({ ...(claims && { claims }) });
  return host.askInDialog(`${location.origin}${SIGN_IN_PAGE}?${query}`);
}
