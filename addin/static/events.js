// News from the server while the pane is open: one event stream by `fetch` (so that the token stays in
// a header), and a regular look as well, which is all there is where a proxy holds streams back.

import { EventSourceParserStream } from "./vendor/eventsource-parser/dist/stream.js";

const LOOK_EVERY_MS = 25_000;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;

const sleep = (milliseconds, signal) =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });

async function readStream(response, onEvent, onOpen) {
  const events = response.body
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream());
  onOpen();
  for await (const { data } of readAll(events)) {
    if (data) onEvent(JSON.parse(data));
  }
}

/** A stream as an async iterator, also where the browser has none for streams. */
async function* readAll(stream) {
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}

/**
 * Call `onEvent({kind, id})` for each event and `onLook()` every 25 s while the page is visible,
 * when it becomes visible, and when the stream opens again. Returns a function that stops both.
 */
export function watchEvents(api, { onEvent, onLook }) {
  const stop = new AbortController();
  const look = () => document.visibilityState === "visible" && onLook();
  const timer = setInterval(look, LOOK_EVERY_MS);
  document.addEventListener("visibilitychange", look, { signal: stop.signal });

  async function stream() {
    let wait = FIRST_WAIT_MS;
    let isFirst = true;
    while (!stop.signal.aborted) {
      try {
        await readStream(await api.events(stop.signal), onEvent, () => {
          wait = FIRST_WAIT_MS;
          if (!isFirst) look();
          isFirst = false;
        });
      } catch (error) {
        // A broken stream loses nothing: the regular look goes on, and the next connection begins with one.
        if (stop.signal.aborted) return;
        console.info("event stream broken, trying again", error.name);
      }
      await sleep(wait * (0.5 + Math.random()), stop.signal);
      wait = Math.min(wait * 2, LONGEST_WAIT_MS);
    }
  }
  stream();
  return () => (clearInterval(timer), stop.abort());
}
