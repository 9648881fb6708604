// What can be done about the email that is open in the mail client.

import { announce } from "../announce.js";
import { reference } from "../api.js";
import { emptyChoice, emptyTimeline } from "../store.js";
import { stateText } from "../views/state.js";

/** The record a new email is shown with: the one looked at if it matches too, else the best match. */
function chooseRecord(email, current) {
  const records = [...email.suggestions, ...email.matched].map(({ record }) => record);
  return (
    records.find(({ table, id }) => table === current?.table && id === current?.id) ?? records[0] ?? null
  );
}

/** The request body for the choice; inline pictures belong to the body and always go along. */
function trackBody({ item, suggestions }, choice) {
  const regarding = choice.regarding === undefined ? (suggestions[0]?.record ?? null) : choice.regarding;
  const kept = item.attachments.filter(({ id }) => !choice.left_out.has(id));
  return {
    regarding: reference(regarding),
    attachments: kept.map(({ id }) => id),
    conversation: choice.conversation,
  };
}

/** Actions on the open email; answers for an item that is no longer shown are dropped. */
export function createMailActions({ store, api, timeline }) {
  let shown = new AbortController();

  async function lookUp(item, isQuiet, asked = null) {
    const { signal } = shown;
    try {
      const email = await (asked ?? api.lookUpEmail(item.internetMessageId, signal));
      if (!signal.aborted) show(email, isQuiet);
    } catch (problem) {
      if (signal.aborted) return;
      // What is on screen stays true enough when a quiet refresh fails; the next one comes by itself.
      if (!isQuiet) store.update({ emailProblem: problem, isEmailLoading: false });
    }
  }

  function show(email, isQuiet) {
    const before = store.state.email?.item;
    store.update({ email, emailProblem: null, isEmailLoading: false });
    if (before && before.state !== email.item.state) announce(stateText(email.item, store.state.user));
    if (!isQuiet) timeline.openRecord(chooseRecord(email, store.state.timeline.record));
  }

  /** Show an item of the mail client, or none; `asked` is the look-up where it is under way already. */
  function openItem(item, asked = null) {
    shown.abort();
    shown = new AbortController();
    store.update({
      item,
      email: null,
      emailProblem: null,
      isEmailLoading: Boolean(item),
      busy: null,
      actionProblem: null,
      choice: emptyChoice(),
      picker: null,
      personForm: null,
    });
    if (item) return lookUp(item, false, asked);
    store.update({ timeline: emptyTimeline() });
    return Promise.resolve();
  }

  /** Run one change of the open email; its answer is the item. */
  async function change(name, request) {
    if (store.state.busy) return;
    const { signal } = shown;
    store.update({ busy: name, actionProblem: null });
    try {
      const item = await request(store.state.email.item.id);
      if (signal.aborted) return;
      store.update({
        email: { ...store.state.email, item },
        busy: null,
        picker: null,
        choice: emptyChoice(),
      });
      announce(stateText(item, store.state.user));
    } catch (problem) {
      if (signal.aborted) return;
      store.update({ busy: null, actionProblem: { problem, again: () => change(name, request) } });
    }
    await Promise.all([lookUp(store.state.item, true), timeline.refresh()]);
  }

  const choose = (patch) => store.update({ choice: { ...store.state.choice, ...patch } });

  /** Choose a record that was searched for; how many people see it is said as soon as it is known. */
  async function chooseFound(record) {
    const { signal } = shown;
    const put = (chosen) => {
      const others = store.state.choice.found.filter(({ id }) => id !== chosen.id);
      choose({ regarding: chosen, found: [...others, chosen] });
    };
    store.update({ picker: null });
    put(record);
    try {
      const detail = await api.record(record, signal);
      if (!signal.aborted && store.state.choice.regarding === record) put(detail);
    } catch (problem) {
      if (!signal.aborted) store.update({ actionProblem: { problem, again: () => chooseFound(record) } });
    }
  }

  return {
    openItem,
    refresh: () => (store.state.item && store.state.email ? lookUp(store.state.item, true) : undefined),
    lookAgain: () => openItem(store.state.item),
    track: () => change("track", (id) => api.track(id, trackBody(store.state.email, store.state.choice))),
    untrack: () => change("untrack", api.untrack),
    retry: () => change("retry", api.retry),
    setRegarding: (record) => change("regarding", (id) => api.setRegarding(id, record)),
    link: (record) =>
      change("link", async (id) => {
        const item = await api.link(id, record);
        return item.kind ? item : store.state.email.item;
      }),
    chooseRegarding: (record) => choose({ regarding: record }),
    chooseFound,
    chooseConversation: (isWhole) => choose({ conversation: isWhole }),
    chooseAttachment: (id, isTaken) => {
      const left_out = new Set(store.state.choice.left_out);
      if (isTaken) left_out.delete(id);
      else left_out.add(id);
      choose({ left_out });
    },
  };
}
