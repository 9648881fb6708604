// What can be done about the email that is open in the mail client.

import { announce } from "../announce.js";
import { reference } from "../api.js";
import { t } from "../messages.js";
import { stateText } from "../views/state.js";

/** How to track the open email: `regarding` undefined = the best match, null = without. */
const emptyChoice = () => ({ regarding: undefined, found: [], left_out: new Set(), conversation: false });

/** No email is open. `isStale`: the open one was changed and is being looked up again. */
export const initial = () => ({
  item: null,
  email: null,
  emailProblem: null,
  isEmailLoading: false,
  busy: null,
  isStale: false,
  isConfirming: false,
  actionProblem: null,
  choice: emptyChoice(),
});

/** The record a new email is shown with: the one looked at if it matches too, else the best match. */
function chooseRecord(email, current) {
  const records = [...email.suggestions, ...email.matched].map(({ record }) => record);
  return (
    records.find(({ table, id }) => table === current?.table && id === current?.id) ?? records[0] ?? null
  );
}

/** The request body for the choice; inline pictures belong to the body and always go along. */
function trackBody({ item, suggestions, mailbox }, choice) {
  const regarding = choice.regarding === undefined ? (suggestions[0]?.record ?? null) : choice.regarding;
  const kept = item.attachments.filter(({ id }) => !choice.left_out.has(id));
  return {
    regarding: reference(regarding),
    attachments: kept.map(({ id }) => id),
    conversation: choice.conversation,
    mailbox,
  };
}

const isOffline = (problem) => problem?.code === "offline";

/** Whether looking again may help: the server was away or had a fault, and refused nothing. */
const isPassing = (problem) => isOffline(problem) || problem?.status >= 500;

/** Whether email is not looked at here, so that only who is in it can be told. */
const isCaptureOff = (problem) => problem?.code === "feature_off";

/** Actions on the open email; answers for an item that is no longer shown are dropped. */
export function create({ store, api, actions }) {
  let shown = new AbortController();
  let lookedAt = null;

  /** Look up and show; true if it was answered and the item is still shown. */
  async function lookUp(item, isQuiet, asked = null) {
    const { signal } = shown;
    try {
      const email = await (asked ?? api.lookUpEmail(item, signal));
      if (!signal.aborted) show(email, isQuiet);
      return !signal.aborted;
    } catch (problem) {
      if (signal.aborted) return false;
      if (isCaptureOff(problem)) return lookAtPeople(item, signal, problem);
      // What is on screen stays true enough when a quiet refresh fails; the next one comes by itself.
      if (!isQuiet || !store.state.email) store.update({ emailProblem: problem, isEmailLoading: false });
      return false;
    }
  }

  /** Tell who is in it while the email itself is not looked at; true if it was answered. */
  async function lookAtPeople(item, signal, cause) {
    const told = { email: null, emailProblem: cause, isEmailLoading: false };
    try {
      await actions.who.look(item, signal);
    } catch (problem) {
      if (!signal.aborted) store.update({ ...told, emailProblem: problem });
      return false;
    }
    if (!signal.aborted) store.update(told);
    return !signal.aborted;
  }

  function show(email, isQuiet) {
    const before = store.state.email?.item;
    actions.who.forget();
    store.update({ email, emailProblem: null, isEmailLoading: false });
    if (before && before.state !== email.item.state) announce(stateText(email.item, store.state.user));
    const record = chooseRecord(email, lookedAt);
    if (!isQuiet || (record && !store.state.timeline.record)) actions.timeline.openRecord(record);
  }

  /** Look again unnoticed: at what is shown, and at what could not be shown because the server was away. */
  async function refresh() {
    const { item, email, who: people, emailProblem } = store.state;
    if (!item || !(email || people || isPassing(emailProblem))) return;
    const isAnswered = await lookUp(item, true);
    if (isAnswered && isOffline(store.state.actionProblem?.problem)) store.update({ actionProblem: null });
  }

  /** Show an item of the mail client, or none; `asked` is the look-up where it is under way already. */
  function openItem(item, asked = null) {
    shown.abort();
    shown = new AbortController();
    lookedAt = store.state.timeline.record ?? lookedAt;
    // The timeline below belongs to the email before: nothing of it may be tracked from here.
    actions.timeline.openRecord(null);
    actions.who.forget();
    actions.people.forget();
    store.update({ ...initial(), item, isEmailLoading: Boolean(item) });
    return item ? lookUp(item, false, asked) : Promise.resolve();
  }

  /** Run one change of the open email; its answer is the item, `tell(item)` what a screen reader is told. */
  async function change(name, request, tell = (item) => stateText(item, store.state.user)) {
    if (store.state.busy) return;
    const { signal } = shown;
    store.update({ busy: name, actionProblem: null });
    try {
      const item = await request(store.state.email.item.id);
      if (signal.aborted) return;
      store.update({
        email: { ...store.state.email, item },
        busy: null,
        isStale: true,
        isConfirming: false,
        choice: emptyChoice(),
      });
      actions.people.closePicker();
      actions.timeline.replaceItem(item);
      announce(tell(item));
    } catch (problem) {
      if (signal.aborted) return;
      const again = () => change(name, request, tell);
      store.update({ busy: null, isConfirming: false, actionProblem: { problem, again } });
    }
    await Promise.all([lookUp(store.state.item, true), actions.timeline.refresh()]);
    if (!signal.aborted) store.update({ isStale: false });
  }

  const choose = (patch) => store.update({ choice: { ...store.state.choice, ...patch } });

  /** Choose a record that was searched for; how many people see it is said as soon as it is known. */
  async function chooseFound(record) {
    const { signal } = shown;
    const put = (chosen) => {
      const others = store.state.choice.found.filter(({ id }) => id !== chosen.id);
      choose({ regarding: chosen, found: [...others, chosen] });
    };
    actions.people.closePicker();
    put(record);
    try {
      const detail = await api.record(record, signal);
      if (!signal.aborted && store.state.choice.regarding === record) put(detail);
    } catch (problem) {
      if (!signal.aborted) store.update({ actionProblem: { problem, again: () => chooseFound(record) } });
    }
  }

  async function begin({ host, item, email, me }) {
    host.onItemChanged(openItem);
    me.catch((problem) => store.update({ emailProblem: store.state.emailProblem ?? problem }));
    const current = host.item();
    const isSame = current?.internetMessageId === item?.internetMessageId;
    await openItem(current, isSame ? email : null);
  }

  /** Whether news is about the open email; while it is not found yet, new mail may be it. */
  function concerns({ kind, id }) {
    const { item, email } = store.state;
    return email ? email.item.id === id : Boolean(item) && kind === "mailbox";
  }

  return {
    begin,
    refresh,
    hear: (news) => (news.some(concerns) ? refresh() : undefined),
    lookAgain: () => openItem(store.state.item),
    track: () =>
      store.state.isStale
        ? undefined
        : change("track", (id) => api.track(id, trackBody(store.state.email, store.state.choice))),
    askToUntrack: () => {
      actions.people.closePicker();
      store.update({ isConfirming: true });
    },
    keepTracked: () => store.update({ isConfirming: false }),
    untrack: () => change("untrack", api.untrack),
    retry: () => change("retry", api.retry),
    setRegarding: (record) => change("regarding", (id) => api.setRegarding(id, record)),
    link: (record) =>
      change(
        "link",
        (id) => api.link(id, record),
        () => t("link.done", { record: record.name }),
      ),
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
