// What the email is about: the best match chosen, the others one click away, none, or any record.

import { tableName } from "../format.js";
import { html, live, nothing } from "../html.js";
import { t } from "../messages.js";
import { button, icon } from "./controls.js";
import { recordPicker } from "./picker.js";

const SHOWN_AT_FIRST = 3;

const isSame = (one, other) => one?.id === other?.id && one?.table === other?.table;

/** The record that *Track* would use now: the chosen one, else the best match, else null. */
export function chosenRegarding({ email, choice }) {
  return choice.regarding === undefined ? (email.suggestions[0]?.record ?? null) : choice.regarding;
}

/** How many people could see the email as it would be tracked now; null until that is known. */
export function chosenAudience(state) {
  const chosen = chosenRegarding(state);
  if (!chosen) return state.email.audience;
  const suggested = state.email.suggestions.find(({ record }) => isSame(record, chosen));
  return suggested?.audience ?? chosen.audience ?? null;
}

/** Whether the CRM holds nothing this email could be about, and nobody has chosen a record either. */
export function isWithoutMatch({ email, choice }) {
  return !email.suggestions.length && !choice.found.length;
}

function option(record, caption, state, actions) {
  return html`<label class="option">
    <input
      type="radio"
      name="regarding"
      .checked=${live(isSame(chosenRegarding(state), record ?? undefined))}
      @change=${() => actions.mail.chooseRegarding(record)}
    />
    <span class="text">
      ${record ? html`<bdi class="name">${record.name}</bdi>` : html`<span class="name">${t("regarding.none")}</span>`}
      ${caption ? html`<span class="caption">${caption}</span>` : nothing}
    </span>
  </label>`;
}

const suggestionOption = ({ record, why }, state, actions) =>
  option(record, [tableName(record.table), why].filter(Boolean).join(" · "), state, actions);

function search(state, actions, label, look) {
  if (state.picker?.purpose === "choice") return recordPicker(state.picker, actions);
  return button(label, () => actions.people.openPicker("choice", actions.mail.chooseFound), {
    symbol: "search",
    opens: "choice",
    ...look,
  });
}

/** Nothing to choose from: what comes first is adding the person, or else finding a record. */
function firstRecord(state, actions) {
  const hasUnknown = Boolean(state.email.unknown.length);
  return html`<div class="regarding no-match" role="group" aria-labelledby="regarding-title">
    <p id="regarding-title" class="legend">${t("regarding.title")}</p>
    <p class="caption">${t(hasUnknown ? "regarding.no_match_add" : "regarding.no_match")}</p>
    ${search(state, actions, t("regarding.choose"), { appearance: hasUnknown ? "secondary" : "primary" })}
  </div>`;
}

/** The choice as a group of radio buttons, with the search below. */
export function regardingChoice(state, actions) {
  if (isWithoutMatch(state)) return firstRecord(state, actions);
  const { suggestions } = state.email;
  const first = suggestions.slice(0, SHOWN_AT_FIRST);
  const rest = suggestions.slice(SHOWN_AT_FIRST);
  const found = state.choice.found.filter(
    (record) => !suggestions.some((each) => isSame(each.record, record)),
  );
  return html`<fieldset class="regarding">
    <legend>${t("regarding.title")}</legend>
    ${first.map((each) => suggestionOption(each, state, actions))}
    ${found.map((record) => option(record, tableName(record.table), state, actions))}
    ${option(null, "", state, actions)}
    ${
      rest.length
        ? html`<details class="more">
            <summary>${icon("chevron", "turn")}${t("regarding.more", { count: rest.length })}</summary>
            ${rest.map((each) => suggestionOption(each, state, actions))}
          </details>`
        : nothing
    }
    ${search(state, actions, t("regarding.search"), { appearance: "transparent", className: "flush" })}
  </fieldset>`;
}
