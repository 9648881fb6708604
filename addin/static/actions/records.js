// Searching the CRM's records, and opening one: what the Teams tab is about.

import { pathOf, readPath } from "../address.js";
import { announce } from "../announce.js";
import { Problem } from "../api.js";
import { t } from "../messages.js";

const TYPING_PAUSE_MS = 250;
const NOT_FOUND = 404;

/** Whether looking again may help: the server was away or had a fault, and refused nothing. */
const isPassing = (problem) => problem?.code === "offline" || problem?.status >= 500;

/** Not there or not to be read: nobody learns which. */
const notFound = () =>
  new Problem({ title: t("record.not_found"), status: NOT_FOUND, detail: t("record.not_found.do") });

/**
 * No record is open. `reference` is what the address or the search names, `record` what the CRM tells of it;
 * `takesFocus` while it has just been chosen on the page.
 */
const noRecord = () => ({ reference: null, record: null, problem: null, takesFocus: false });

export const initial = () => ({
  search: { text: "", answered: null, items: null, next: null, problem: null, isLoading: false },
  opened: noRecord(),
});

/** The search: answers to a text that has been changed since are dropped. */
function createSearch({ store, api }) {
  let asked = new AbortController();
  let pause = 0;
  const patch = (values) => store.update({ search: { ...store.state.search, ...values } });

  async function find(cursor = null) {
    clearTimeout(pause);
    asked.abort();
    asked = new AbortController();
    const { signal } = asked;
    const text = store.state.search.text.trim();
    patch({ isLoading: true, problem: null });
    try {
      const page = await api.lookUpRecords({ q: text, ...(cursor && { cursor }) }, signal);
      if (signal.aborted) return;
      const isFirst = store.state.search.answered === null;
      const items = cursor ? [...store.state.search.items, ...page.items] : page.items;
      patch({ items, next: page.next, answered: text, isLoading: false });
      if (!isFirst) announce(t(page.next ? "search.first" : "search.count", { count: items.length }));
    } catch (problem) {
      if (!signal.aborted) patch({ problem, isLoading: false });
    }
  }

  function type(text) {
    clearTimeout(pause);
    asked.abort();
    patch({ text, isLoading: true });
    pause = setTimeout(find, TYPING_PAUSE_MS);
  }

  return { find: () => find(), findMore: () => find(store.state.search.next), type };
}

/** Actions on the search and on the open record; answers for a record no longer shown are dropped. */
export function create({ store, api, actions }) {
  const search = createSearch({ store, api });
  let shown = new AbortController();
  const patch = (values) => store.update({ opened: { ...store.state.opened, ...values } });

  /** Read the record; what is on screen stays true enough when a look in between fails. */
  async function look() {
    const { signal } = shown;
    const { reference } = store.state.opened;
    try {
      if (!reference.id) throw notFound();
      const record = await api.record(reference, signal);
      if (signal.aborted) return;
      patch({ record, problem: null, takesFocus: false });
      nameWindow(record);
      if (!store.state.timeline.record) actions.timeline.openRecord(record);
    } catch (problem) {
      if (signal.aborted) return;
      if (problem.status === NOT_FOUND) leave(notFound());
      else if (!store.state.opened.record) patch({ problem });
    }
  }

  function leave(problem) {
    patch({ record: null, takesFocus: false, problem });
    actions.timeline.openRecord(null);
    nameWindow(null);
  }

  /** Show a record, of which more than table and id may be known already, or none. */
  function show(reference, record = null) {
    shown.abort();
    shown = new AbortController();
    store.update({ opened: { ...noRecord(), reference, record, takesFocus: Boolean(record) } });
    actions.settings.show("home");
    nameWindow(record);
    actions.timeline.openRecord(record);
    return reference ? look() : undefined;
  }

  function move(record) {
    // What stands behind `#` belongs to the application around the page.
    if (location.pathname !== pathOf(record)) history.pushState(null, "", pathOf(record) + location.hash);
    return show(record, record);
  }

  return {
    ...search,
    open: move,
    openFirst() {
      const { text, answered, items } = store.state.search;
      return answered === text.trim() && items?.length ? move(items[0]) : search.find();
    },
    close: () => move(null),
    lookAgain: () => (patch({ problem: null }), look()),
    /** A record that has just been chosen may still be on its way: who has gone elsewhere keeps the focus there. */
    leaveFocus: () => patch({ takesFocus: false }),
    begin() {
      const openAddress = () => show(readPath(location.pathname));
      addEventListener("popstate", openAddress);
      return Promise.all([search.find(), openAddress()]);
    },
    // What a record is called and holds beside its timeline is no news: the regular look renews it.
    refresh() {
      const { opened, search: asked } = store.state;
      if (opened.record || isPassing(opened.problem)) look();
      if (isPassing(asked.problem)) search.find();
    },
  };
}

function nameWindow(record) {
  document.title = record ? t("record.title", { record: record.name }) : t("product");
}
