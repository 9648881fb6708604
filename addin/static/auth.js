// Where tokens come from: the mail client or Teams. Kept in memory only; no cookies, no storage.

import { HostProblem } from "./script.js";

/** Token source on a host: {token(), forget()}; `forget` makes the next one fresh. */
export function createAuth(host) {
  let current = null;
  return {
    token() {
      current ??= host.getToken({ allowSignInPrompt: true }).catch((error) => {
        current = null;
        throw error instanceof HostProblem ? error : new HostProblem("host.sign_in");
      });
      return current;
    },
    forget() {
      current = null;
    },
  };
}
