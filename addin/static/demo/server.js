// Whether the demo's server answers: a mail client says so by itself when it is offline.

const LOOK_EVERY_MS = 5_000;
const LOOK_WHILE_AWAY_MS = 1_500;

async function isAnswering() {
  try {
    return (await fetch("/healthz", { cache: "no-store", credentials: "omit" })).ok;
  } catch {
    return false; // that is the answer: nobody is there
  }
}

/** Call `onChange(isAway)` whenever that changes. Returns a function that looks at once. */
export function watchServer(onChange) {
  let isAway = false;
  let timer = 0;

  async function look() {
    clearTimeout(timer);
    const isThere = await isAnswering();
    if (isThere === isAway) {
      isAway = !isThere;
      onChange(isAway);
    }
    clearTimeout(timer);
    timer = setTimeout(look, isAway ? LOOK_WHILE_AWAY_MS : LOOK_EVERY_MS);
  }

  look();
  return look;
}
