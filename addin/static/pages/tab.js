// The tab in Teams, and the page of a record's link: a search, and a record with its timeline.

import { boot } from "../boot.js";
import { openTeams } from "../teams.js";

await boot({
  root: "tab",
  openHost: openTeams,
  ask: () => ({}),
  home: () => import("../views/tab.js"),
  actions: {
    user: () => import("../actions/user.js"),
    timeline: () => import("../actions/timeline.js"),
    records: () => import("../actions/records.js"),
    settings: () => import("../actions/settings.js"),
  },
  isUseful: ({ search, opened }) => search.items || search.problem || opened.record,
});
