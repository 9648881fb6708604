// Where tokens come from: nested app auth, else the mail client's or Teams' own token, else a dialog of ours.
// Kept in memory only; no cookies, no storage.

import { askInDialog, askNested } from "./entra.js";
import { HostProblem } from "./script.js";

/** The host's own token; claims make it a new one. Without Entra the host is all there is. */
async function askHost(host, claims) {
  try {
    return await host.getToken({ allowSignInPrompt: true, ...(claims && { authChallenge: claims }) });
  } catch (error) {
    throw error instanceof HostProblem ? error : new HostProblem("host.sign_in");
  }
}

async function ask(host, entra, { claims, isFresh, mayAsk }) {
  if (!entra) return askHost(host, claims);
  const token = await askNested(entra, { claims, isFresh, mayAsk });
  if (token) return token;
  try {
    return await askHost(host, claims);
  } catch (error) {
    mayAsk();
    console.info("the host gave no token, asking in a dialog", error.code);
    return askInDialog(host, claims);
  }
}

/**
 * Token source on a host: {token(), forget(token, claims)}. `forget` is told of a token that was refused, and
 * makes the next one fresh and satisfy the claims. Whoever refused to sign in is asked again only after a click.
 */
export function createAuth(host, entra = null) {
  let current = null;
  let settled = null;
  let next = { claims: "", isFresh: false };
  let refusal = null;

  function mayAsk() {
    if (refusal) throw refusal;
  }

  function remember(problem) {
    refusal = problem;
    addEventListener("click", () => (refusal = null), { once: true, capture: true });
  }

  async function acquire() {
    const wanted = next;
    next = { claims: "", isFresh: false };
    try {
      settled = await ask(host, entra, { ...wanted, mayAsk });
      return settled;
    } catch (error) {
      current = null;
      next = wanted;
      if (["host.refused", "host.blocked"].includes(error.code) && !refusal) remember(error);
      throw error instanceof HostProblem ? error : new HostProblem("host.failed");
    }
  }

  return {
    token() {
      current ??= acquire();
      return current;
    },
    forget(token, claims = "") {
      if (token !== settled) return; // another request has seen to that already
      current = settled = null;
      next = { claims, isFresh: true };
    },
  };
}
