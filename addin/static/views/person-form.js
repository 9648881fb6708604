// A contact or lead to be made of somebody unknown, filled in as far as the email tells.

import { html, nothing } from "../html.js";
import { t } from "../messages.js";
import { button, problemLine } from "./controls.js";

const FIELDS = [
  { name: "first_name", longest: 50 },
  { name: "last_name", longest: 50, required: true },
  { name: "email", longest: 100, type: "email", required: true },
  { name: "company", longest: 100 },
];

function field({ name, longest, type = "text", required = false }, form) {
  return html`<label class="field">
    <span>${t(`person.${name}`)}</span>
    <input
      name=${name}
      type=${type}
      .value=${form[name] ?? ""}
      ?required=${required}
      maxlength=${longest}
      autocomplete="off"
      ?data-autofocus=${name === FIELDS[0].name}
    />
  </label>`;
}

function tableChoice(form) {
  return html`<fieldset class="inline-choice">
    <legend class="visually-hidden">${t("person.table")}</legend>
    ${["contact", "lead"].map(
      (table) =>
        html`<label class="option"
          ><input type="radio" name="table" value=${table} ?checked=${form.table === table} /><span
            >${t(`table.${table}`)}</span
          ></label
        >`,
    )}
  </fieldset>`;
}

/** The form below the unknown person's row; it keeps what was typed when saving fails. */
export function personForm(form, actions) {
  const save = (event) => {
    event.preventDefault();
    actions.people.savePerson(Object.fromEntries(new FormData(event.currentTarget)));
  };
  const submit = (event) => event.currentTarget.closest("form").requestSubmit();
  return html`<form
    class="person-form"
    data-part="person:${form.address}"
    aria-label=${t("person.title", { address: form.address })}
    @submit=${save}
  >
    ${tableChoice(form)} ${FIELDS.map((each) => field(each, form))}
    ${form.problem ? problemLine(form.problem) : nothing}
    <div class="buttons">
      ${button(form.isSaving ? t("person.saving") : t("save"), submit, { appearance: "primary" })}
      ${button(t("cancel"), actions.people.closePersonForm)}
      <input type="submit" hidden />
    </div>
  </form>`;
}
