// What has changed since the page was drawn.

import { watchEvents } from "./events.js";

const EVENT_PAUSE_MS = 150;

/** Have all actions look again at what news names, and at everything from time to time; `all(hook, …)` calls them. */
export function listen(api, all) {
  let pause = 0;
  let heard = [];

  function tell() {
    const news = heard;
    heard = [];
    all("hear", news);
  }

  watchEvents(api, {
    onEvent(news) {
      // News arrive in bursts (a whole conversation is tracked): look once for each.
      heard.push(news);
      clearTimeout(pause);
      pause = setTimeout(tell, EVENT_PAUSE_MS);
    },
    onLook() {
      heard = [];
      all("refresh");
    },
  });
}
