// Times, sizes and names as people read them, in the page's language.

import { hasMessage, t } from "./messages.js";

/** The page's language, in the region of the browser where they speak the same one. */
function language() {
  const page = document.documentElement.lang || "en";
  return navigator.language.split("-")[0] === page.split("-")[0] ? navigator.language : page;
}

function sameDay(one, other) {
  return one.toDateString() === other.toDateString();
}

/** "10:12" today, "12 Nov, 10:12" this year, "12 Nov 2024, 10:12" before. */
export function formatTime(iso, now = new Date()) {
  const at = new Date(iso);
  const clock = { hour: "2-digit", minute: "2-digit" };
  if (sameDay(at, now)) return new Intl.DateTimeFormat(language(), clock).format(at);
  const day = { day: "numeric", month: "short", ...clock };
  if (at.getFullYear() !== now.getFullYear()) day.year = "numeric";
  return new Intl.DateTimeFormat(language(), day).format(at);
}

/** The full date and time, for tooltips and screen readers. */
export function formatFullTime(iso) {
  return new Intl.DateTimeFormat(language(), { dateStyle: "full", timeStyle: "short" }).format(new Date(iso));
}

const DAY_MS = 86_400_000;

/** The heading under which a time stands: upcoming, today, yesterday, the last 7 days, else its month. */
export function formatPeriod(iso, now = new Date()) {
  const at = new Date(iso);
  if (at > now) return t("period.upcoming");
  if (sameDay(at, now)) return t("period.today");
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate());
  const days = Math.round((midnight - new Date(at.getFullYear(), at.getMonth(), at.getDate())) / DAY_MS);
  if (days === 1) return t("period.yesterday");
  if (days < 7) return t("period.week");
  const month = new Intl.DateTimeFormat(language(), { month: "long", year: "numeric" }).format(at);
  return t("period.month", { month });
}

/** "48 kB" or "795 bytes". */
export function formatSize(bytes) {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"];
  let size = bytes;
  let unit = 0;
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return new Intl.NumberFormat(language(), {
    style: "unit",
    unit: units[unit],
    unitDisplay: unit ? "short" : "long",
    maximumFractionDigits: size < 10 && unit > 0 ? 1 : 0,
  }).format(size);
}

/** "Contact" for `contact`; a custom table keeps its own name. */
export function tableName(table) {
  const key = `table.${table}`;
  return hasMessage(key) ? t(key) : table;
}

/** "Case: Pump stops" for a tooltip; the kind of a custom table is no word that sellers know. */
export function recordTitle({ table, name }) {
  const key = `table.${table}`;
  return hasMessage(key) ? `${t(key)}: ${name}` : name;
}

/** First and last name and company as they can be guessed from an address and a display name. */
export function guessPerson(email, displayName = "") {
  const [local = "", domain = ""] = email.split("@");
  const shown =
    displayName && displayName !== email ? displayName : local.split("+")[0].replace(/[._-]+/g, " ");
  const words = shown.includes(",") ? shown.split(",").reverse().join(" ").trim() : shown.trim();
  const parts = words.split(/\s+/).filter(Boolean).map(capitalise);
  const company = domain.split(".").slice(-2)[0] ?? "";
  return {
    first_name: parts.length > 1 ? parts[0] : "",
    last_name: parts.slice(parts.length > 1 ? 1 : 0).join(" "),
    email,
    company: capitalise(company),
  };
}

function capitalise(word) {
  return word.charAt(0).toLocaleUpperCase(language()) + word.slice(1);
}
