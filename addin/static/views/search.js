// The record search of the tab: a box, and all records that may be read until something is typed.

import { html, live, nothing, repeat } from "../html.js";
import { t } from "../messages.js";
import { button, icon, problemLine, skeleton } from "./controls.js";
import { recordResult } from "./picker.js";

/** Up and down from the box through the records; `Enter` in the box opens the first. */
function moveByKey(event, actions) {
  const isInBox = event.target instanceof HTMLInputElement;
  if (event.key === "Enter" && isInBox) actions.records.openFirst();
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  const places = [...event.currentTarget.querySelectorAll("input, .result")];
  const next = places[places.indexOf(event.target.closest("input, .result")) + step];
  if (!next) return;
  next.focus();
  event.preventDefault();
}

function box({ search }, actions) {
  return html`<label class="field search">
    <span class="visually-hidden">${t("picker.label")}</span>
    ${icon("search")}
    <input
      type="search"
      autocomplete="off"
      spellcheck="false"
      maxlength="500"
      placeholder=${t("picker.label")}
      .value=${live(search.text)}
      @input=${(event) => actions.records.type(event.target.value)}
    />
  </label>`;
}

function summary({ text, items, next, isLoading }) {
  if (isLoading) return t("picker.searching");
  if (next) return t("search.first", { count: items.length });
  if (items.length) return t("search.count", { count: items.length });
  return text.trim() ? t("picker.none", { text: text.trim() }) : t("search.nothing");
}

function results({ search, opened }, actions) {
  if (!search.items) return search.problem ? nothing : skeleton(5, t("loading.records"));
  return html`<p class="caption">${summary(search)}</p>
    ${
      search.items.length
        ? html`<ul class="results" aria-busy=${search.isLoading ? "true" : "false"}>
            ${repeat(
              search.items,
              ({ table, id }) => `${table}:${id}`,
              (record) =>
                recordResult(
                  record,
                  actions.records.open,
                  record.id === opened.reference?.id && record.table === opened.reference.table,
                ),
            )}
          </ul>`
        : nothing
    }
    ${
      search.next
        ? html`<div class="older">
            ${button(search.isLoading ? t("loading.older") : t("search.more"), actions.records.findMore, { appearance: "outline" })}
          </div>`
        : nothing
    }`;
}

/** The search with what it found. */
export function searchSection(state, actions) {
  const { problem } = state.search;
  return html`<section
    class="finder"
    role="search"
    aria-labelledby="search-title"
    data-home="search"
    tabindex="-1"
    @keydown=${(event) => moveByKey(event, actions)}
  >
    <h2 id="search-title">${t("picker.title")}</h2>
    ${box(state, actions)} ${problem ? problemLine(problem, actions.records.find) : nothing}
    ${problem ? nothing : results(state, actions)}
  </section>`;
}
