// The words for where an email stands; the same on screen and for a screen reader.

import { formatTime } from "../format.js";
import { t } from "../messages.js";

/** Whether somebody else tracked it. */
export function isByColleague(item, user) {
  return Boolean(item.tracked_by && user && item.tracked_by.name !== user.name);
}

/** "Tracking pending", "Tracked to … by …, 10:12", "Not tracked: cause", "Not tracked yet". */
export function stateText(item, user) {
  const by = { name: item.tracked_by?.name, time: item.tracked_by && formatTime(item.tracked_by.at) };
  if (item.state === "pending") {
    return isByColleague(item, user) ? t("state.pending_by", by) : t("state.pending");
  }
  if (item.state === "tracked") {
    if (!item.tracked_by) return t("state.tracked");
    if (isByColleague(item, user)) return t("state.tracked_by_colleague", by);
    return item.regarding
      ? t("state.tracked_to", { ...by, record: item.regarding.name })
      : t("state.tracked_by", by);
  }
  if (item.state === "failed")
    return t("state.failed", { cause: item.failure?.cause ?? t("state.no_cause") });
  return t("state.untracked");
}

/** The symbol that goes with the state. */
export function stateSymbol(state) {
  return { pending: "pending", tracked: "done", failed: "failed" }[state] ?? "private";
}
