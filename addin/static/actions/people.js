// Finding records, and making a contact or lead of somebody the CRM does not know.

import { announce } from "../announce.js";
import { guessPerson } from "../format.js";
import { t } from "../messages.js";

const TYPING_PAUSE_MS = 250;

/** No record picker and no person form is open. */
export const initial = () => ({ picker: null, personForm: null });

/** Actions of the record picker and of the person form. */
export function create({ store, api, actions }) {
  let asked = new AbortController();
  let pause = 0;

  const patch = (values) =>
    store.state.picker && store.update({ picker: { ...store.state.picker, ...values } });

  async function find(text, cursor = null) {
    asked.abort();
    asked = new AbortController();
    const { signal } = asked;
    patch({ isLoading: true, problem: null });
    try {
      const page = await api.lookUpRecords({ q: text, ...(cursor && { cursor }) }, signal);
      if (signal.aborted) return;
      patch({ results: page.items, isLoading: false });
      announce(t("picker.count", { count: page.items.length }));
    } catch (problem) {
      if (!signal.aborted) patch({ problem, isLoading: false });
    }
  }

  function type(text) {
    clearTimeout(pause);
    patch({ text });
    if (text.trim()) pause = setTimeout(() => find(text.trim()), TYPING_PAUSE_MS);
    else patch({ results: null, isLoading: false });
  }

  async function savePerson(person) {
    const form = store.state.personForm;
    store.update({ personForm: { ...form, ...person, isSaving: true, problem: null } });
    try {
      const { table, first_name, last_name, email, company } = person;
      const record = await api.createPerson({ table, first_name, last_name, email, company });
      store.update({ personForm: null });
      announce(t("person.added", { name: record.name }));
      await actions.mail.refresh();
    } catch (problem) {
      store.update({ personForm: { ...form, ...person, isSaving: false, problem } });
    }
  }

  return {
    /** `onPick(record)` is called with what was chosen; `purpose` tells the views where to draw it. */
    openPicker: (purpose, onPick) => {
      actions.mail.keepTracked();
      store.update({
        picker: { purpose, onPick, text: "", results: null, isLoading: false, problem: null },
      });
    },
    closePicker: () => store.update({ picker: null }),
    /** Nothing of the email before stays open. */
    forget: () => store.update(initial()),
    type,
    findAgain: () => find(store.state.picker.text.trim()),
    openPersonForm: (address) => {
      const name = store.state.item?.senderName(address) ?? "";
      store.update({ personForm: { address, table: "contact", ...guessPerson(address, name) } });
    },
    closePersonForm: () => store.update({ personForm: null }),
    savePerson,
  };
}
