// The pane in Outlook: who is in the open email, *Track*, and a record's timeline.

import { boot, early } from "../boot.js";
import { openHost } from "../host.js";

await boot({
  root: "pane",
  openHost,
  ask(host, api) {
    const item = host.item();
    return { item, email: item && early(api.lookUpEmail(item)) };
  },
  home: () => import("../views/pane.js"),
  actions: {
    user: () => import("../actions/user.js"),
    timeline: () => import("../actions/timeline.js"),
    who: () => import("../actions/who.js"),
    mail: () => import("../actions/mail.js"),
    people: () => import("../actions/people.js"),
    settings: () => import("../actions/settings.js"),
  },
  isUseful: ({ email, emailProblem }) => email || emailProblem,
});
