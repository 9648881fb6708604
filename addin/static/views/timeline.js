// The chosen record's timeline, with the other records of the email one tab away.

import { formatPeriod, recordTitle } from "../format.js";
import { html, nothing, repeat } from "../html.js";
import { t } from "../messages.js";
import { button, icon, line, problemLine, skeleton } from "./controls.js";
import { recordPicker, recordSymbol } from "./picker.js";
import { preferencesLine } from "./preferences.js";
import { timelineEntry } from "./timeline-entry.js";

const isSame = (one, other) => one?.id === other?.id && one?.table === other?.table;

/** The records of the open email, each once, the one looked at among them even if found by search. */
function tabRecords({ email, timeline }) {
  const records = [...(email?.suggestions ?? []), ...(email?.matched ?? [])].map(({ record }) => record);
  if (timeline.record) records.push(timeline.record);
  return records.filter((record, at) => records.findIndex((other) => isSame(other, record)) === at);
}

function moveBetweenTabs(event) {
  const isLeftToRight = getComputedStyle(event.currentTarget).direction === "ltr";
  const step = { ArrowRight: isLeftToRight ? 1 : -1, ArrowLeft: isLeftToRight ? -1 : 1 }[event.key];
  if (!step) return;
  const tabs = [...event.currentTarget.querySelectorAll("[role=tab]")];
  const next = tabs.at((tabs.indexOf(document.activeElement) + step) % tabs.length);
  next.focus();
  next.click();
  event.preventDefault();
}

function tabs(state, actions) {
  const records = tabRecords(state);
  return html`<div
    class="tabs"
    role="tablist"
    aria-label=${t("timeline.records")}
    @keydown=${moveBetweenTabs}
  >
    ${repeat(
      records,
      ({ table, id }) => `${table}:${id}`,
      (record) => {
        const isOpen = isSame(record, state.timeline.record);
        return html`<button
          type="button"
          role="tab"
          aria-selected=${isOpen}
          aria-controls="timeline"
          tabindex=${isOpen ? 0 : -1}
          title=${recordTitle(record)}
          @click=${() => actions.timeline.openRecord(record)}
        >
          ${icon(recordSymbol(record.table))}<bdi>${record.name}</bdi>
        </button>`;
      },
    )}
  </div>`;
}

/** How many people will see what is tracked here, said before the first *Track* can be pressed. */
function audience({ timeline }) {
  if (!timeline.items.some(({ may }) => may.includes("track"))) return nothing;
  return html`<p class="audience">
    ${icon("people")}<span>${t("timeline.audience", { count: timeline.audience })}</span>
  </p>`;
}

const isUntrackedHidden = ({ preferences }) => preferences?.auto_capture === false;

/** Says so where the user's own preferences hide mail here. */
export function hiddenLine(state, actions) {
  if (!isUntrackedHidden(state)) return nothing;
  const show = button(t("timeline.show"), () => actions.settings.showUntracked(true));
  return html`${line("info", { title: t("timeline.hidden"), action: show })} ${preferencesLine(state, actions)}`;
}

function older(state, actions) {
  const { timeline } = state;
  if (timeline.problem || (!timeline.next && !actions.timeline.canReachFurther())) return nothing;
  const label = timeline.isLoading ? t("loading.older") : t("timeline.older");
  return html`<div class="older">
    ${button(label, actions.timeline.showOlder, { appearance: "outline" })}
  </div>`;
}

function emptyText(state) {
  const { record, days } = state.timeline;
  return isUntrackedHidden(state)
    ? t("timeline.empty_tracked", { record: record.name, count: days })
    : t("timeline.empty", { record: record.name, count: days });
}

/** The entries under the headings of their times, in the order they came. */
function periods(state, actions) {
  const groups = new Map();
  for (const item of state.timeline.items) {
    const period = formatPeriod(item.at);
    groups.set(period, [...(groups.get(period) ?? []), item]);
  }
  return repeat(
    groups,
    ([period]) => period,
    ([period, items]) => html`<div class="period">
      <h3>${period}</h3>
      <ol class="entries">
        ${repeat(
          items,
          ({ id }) => id,
          (item) => timelineEntry(item, state, actions),
        )}
      </ol>
    </div>`,
  );
}

/** What stands in a record's timeline, while it loads and when that failed too. */
export function entries(state, actions) {
  const { timeline } = state;
  if (!timeline.hasLoaded && timeline.isLoading) return skeleton(4, t("loading.timeline"));
  return html`${timeline.notice ? line("info", { title: timeline.notice }) : nothing} ${audience(state)}
    ${
      timeline.hasLoaded && !timeline.items.length
        ? html`<p class="empty">${emptyText(state)}</p>`
        : nothing
    }
    ${periods(state, actions)} ${timeline.problem ? problemLine(timeline.problem, actions.timeline.loadAgain) : nothing}
    ${timeline.hasLoaded ? older(state, actions) : nothing}`;
}

function search(state, actions) {
  if (state.picker?.purpose === "timeline") return recordPicker(state.picker, actions);
  return button(
    t("timeline.other"),
    () => actions.people.openPicker("timeline", actions.timeline.openRecord),
    {
      appearance: "transparent",
      symbol: "search",
      className: "flush",
      opens: "timeline",
    },
  );
}

function noRecordText({ item, email }) {
  if (!item) return t("timeline.no_item");
  return t(email?.unknown.length ? "timeline.no_record" : "timeline.no_match");
}

/** The section below the open email; without an email it still finds any record's timeline. */
export function timelineSection(state, actions) {
  if (state.isEmailLoading && !state.timeline.record) return skeleton(3, t("loading.timeline"));
  if (state.emailProblem && !state.timeline.record) return nothing;
  return html`<section aria-labelledby="timeline-title" data-home="timeline" tabindex="-1">
    <div class="section-head">
      <h2 id="timeline-title">${t("timeline.title")}</h2>
      ${search(state, actions)}
    </div>
    ${
      state.timeline.record
        ? html`${tabs(state, actions)} ${hiddenLine(state, actions)}
            <div id="timeline" role="tabpanel" tabindex="0" aria-label=${state.timeline.record.name}>
              ${entries(state, actions)}
            </div>`
        : html`<p class="empty">${noRecordText(state)}</p>`
    }
  </section>`;
}
