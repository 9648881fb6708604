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

function option(record, caption, state, actions) {
  return html`<label class="option">
    <input
      type="radio"
      name="regarding"
      .checked=${live(isSame(chosenRegarding(state), record ?? undefined))}
      @change=${() => actions.mail.chooseRegarding(record)}
    />
    <span class="text">
      <span class="name">${record ? record.name : t("regarding.none")}</span>
      ${caption ? html`<span class="caption">${caption}</span>` : nothing}
    </span>
  </label>`;
}

const suggestionOption = ({ record, why }, state, actions) =>
  option(record, [tableName(record.table), why].filter(Boolean).join(" · "), state, actions);

/** The choice as a group of radio buttons, with the search below. */
export function regardingChoice(state, actions) {
  const { suggestions } = state.email;
  const first = suggestions.slice(0, SHOWN_AT_FIRST);
  const rest = suggestions.slice(SHOWN_AT_FIRST);
  const found = state.choice.found.filter(
    (record) => !suggestions.some((each) => isSame(each.record, record)),
  );
  const isPicking = state.picker?.purpose === "choice";
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
    ${
      isPicking
        ? recordPicker(state.picker, actions)
        : button(t("regarding.search"), () => actions.people.openPicker("choice", actions.mail.chooseFound), {
            appearance: "transparent",
            symbol: "search",
            className: "flush",
            opens: "choice",
          })
    }
  </fieldset>`;
}
