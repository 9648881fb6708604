// The words for where an email stands; the same on screen and for a screen reader.

import { formatTime } from "../format.js";
import { t } from "../messages.js";

/** Whether somebody else tracked it. */
export function isByColleague(item, user) {
  return Boolean(item.tracked_by && user && item.tracked_by.id !== user.id);
}

/** Who tracked it, as the user says it. */
function trackedBy(item, user) {
  if (!item.tracked_by) return {};
  const isOwn = user && !isByColleague(item, user);
  return { name: isOwn ? t("you") : item.tracked_by.name, time: formatTime(item.tracked_by.at) };
}

/** What is said of an email that nobody tracked yet; in a shared mailbox others see it too. */
export function privateText(item, onBehalfOf) {
  return onBehalfOf && item.state === "untracked" ? t("state.untracked_shared", { name: onBehalfOf }) : null;
}

/** "Tracking pending", "Tracked by …, 10:12", "Not tracked: cause", "Private: only you see this email". */
export function stateText(item, user) {
  const by = trackedBy(item, user);
  if (item.state === "pending") {
    return isByColleague(item, user) ? t("state.pending_by", by) : t("state.pending");
  }
  if (item.state === "tracked") {
    if (!item.tracked_by) return t("state.tracked");
    return isByColleague(item, user) ? t("state.tracked_by_colleague", by) : t("state.tracked_by", by);
  }
  if (item.state === "failed")
    return t("state.failed", { cause: item.failure?.cause ?? t("state.no_cause") });
  return t("state.untracked");
}

/** The symbol that goes with the state. */
export function stateSymbol(state) {
  return { pending: "pending", tracked: "done", failed: "failed" }[state] ?? "private";
}
