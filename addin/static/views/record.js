// The open record of the tab: what it is, and its timeline.

import { pathOf } from "../address.js";
import { html, nothing, repeat } from "../html.js";
import { t } from "../messages.js";
import { button, icon, line, problemLine, skeleton } from "./controls.js";
import { recordCaption, recordSymbol } from "./picker.js";
import { entries, hiddenLine } from "./timeline.js";

function head({ record, takesFocus }) {
  return html`<div class="record-head">
    <span class="symbol" aria-hidden="true">${icon(recordSymbol(record.table))}</span>
    <div class="text">
      <h2 id="record-title" tabindex="-1" ?data-autofocus=${takesFocus}><bdi>${record.name}</bdi></h2>
      ${recordCaption(record)}
    </div>
  </div>`;
}

/** Without auto capture the record's own activities remain. */
function featureLine({ feature }) {
  if (!feature || feature.state === "on") return nothing;
  return line("info", { title: t("feature.off"), detail: feature.reason ?? "" });
}

function body(state, actions) {
  const { record, problem } = state.opened;
  if (problem) return problemLine(problem, problem.status === 404 ? undefined : actions.records.lookAgain);
  if (!record) return skeleton(4, t("loading.record"));
  return html`${head(state.opened)} ${featureLine(state)} ${hiddenLine(state, actions)}
    <section id="timeline" aria-label=${t("timeline.title")}>
      ${state.timeline.record ? entries(state, actions) : nothing}
    </section>`;
}

/** The record's part of the page; each record is drawn afresh, so that its name is read out. */
export function recordSection(state, actions) {
  const { reference } = state.opened;
  if (!reference) {
    return html`<section class="record none"><p class="empty">${t("record.none")}</p></section>`;
  }
  return repeat(
    [reference],
    pathOf,
    () => html`<section
      class="record"
      aria-label=${state.opened.record?.name ?? t("record.label")}
      data-part="record:${reference.table}:${reference.id}"
    >
      <div class="to-search">
        ${button(t("record.all"), actions.records.close, {
          appearance: "subtle",
          symbol: "back",
          className: "flush",
        })}
      </div>
      ${body(state, actions)}
    </section>`,
  );
}
