// The script of the application around the page: Office.js, teams-js, or the demo's stand-in for either.

/** Why that application is not there; `code` is a key of the catalogue. */
export class HostProblem extends Error {
  constructor(code) {
    super(code);
    this.code = code;
  }
}

/** Run a classic script; `problem` is what it is if it does not load. */
export function loadScript(src, problem) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = src;
    script.async = true;
    script.addEventListener("load", resolve, { once: true });
    script.addEventListener("error", () => reject(problem), { once: true });
    document.head.append(script);
  });
}

/** What `promise` gives, or `problem` if it takes longer. */
export function within(milliseconds, promise, problem) {
  const late = new Promise((_, reject) => {
    setTimeout(() => reject(problem), milliseconds);
  });
  return Promise.race([promise, late]);
}
