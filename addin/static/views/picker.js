// Search for any record the user may read, and take one.

import { tableName } from "../format.js";
import { html, nothing, repeat } from "../html.js";
import { hasMessage, t } from "../messages.js";
import { button, icon, problemLine } from "./controls.js";

/** A record to choose from a list; `isOpen` where it is the one shown. */
export function recordResult(record, onPick, isOpen = false) {
  return html`<li>
    <button
      class="result"
      type="button"
      aria-current=${isOpen ? "true" : nothing}
      data-opens="record:${record.table}:${record.id}"
      @click=${() => onPick(record)}
    >
      ${icon(recordSymbol(record.table))}
      <span class="text"
        ><bdi class="name">${record.name}</bdi>${recordCaption(record)}</span
      >
    </button>
  </li>`;
}

/** What kind of record it is, and what tells it from others of its name. */
export function recordCaption({ table, subtitle }) {
  const kind = hasMessage(`table.${table}`) ? tableName(table) : html`<bdi>${tableName(table)}</bdi>`;
  return html`<span class="caption"
    >${kind}${subtitle ? html` · <bdi>${subtitle}</bdi>` : nothing}</span
  >`;
}

/** The symbol of a table; custom tables share one. */
export function recordSymbol(table) {
  return ["contact", "account", "lead", "opportunity", "incident"].includes(table) ? table : "record";
}

function results(picker) {
  if (picker.problem || !picker.results) return nothing;
  if (!picker.results.length) return html`<p class="quiet">${t("picker.none", { text: picker.text })}</p>`;
  return html`<ul class="results">
    ${repeat(
      picker.results,
      ({ table, id }) => `${table}:${id}`,
      (record) => recordResult(record, picker.onPick),
    )}
  </ul>`;
}

/** The search box with its results; `Escape` closes it. */
export function recordPicker(picker, actions) {
  const onKey = (event) => event.key === "Escape" && actions.people.closePicker();
  return html`<div class="picker" data-part=${picker.purpose} role="search" aria-label=${t("picker.title")} @keydown=${onKey}>
    <div class="search-row">
      <label class="field search">
        <span class="visually-hidden">${t("picker.label")}</span>
        ${icon("search")}
        <input
          type="search"
          autocomplete="off"
          placeholder=${t("picker.label")}
          data-autofocus
          @input=${(event) => actions.people.type(event.target.value)}
        />
      </label>
      ${button(t("cancel"), actions.people.closePicker, { appearance: "subtle" })}
    </div>
    ${picker.isLoading ? html`<p class="quiet">${t("picker.searching")}</p>` : nothing}
    ${picker.problem ? problemLine(picker.problem, actions.people.findAgain) : nothing} ${results(picker)}
  </div>`;
}
