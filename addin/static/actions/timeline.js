// The timeline of one record: its own activities and the caller's private mail, newest first.

import { announce } from "../announce.js";
import { reference } from "../api.js";
import { t } from "../messages.js";
import { stateText } from "../views/state.js";

const REACH_IN_DAYS = [30, 90, 365, 36_500];

const byAge = (one, other) => (one.at === other.at ? 0 : one.at < other.at ? 1 : -1);

/** The first page renewed in front of the older items already shown. */
function renewFirstPage(items, page) {
  const last = page.items.at(-1);
  if (!page.next || !last) return page.items;
  const renewed = new Set(page.items.map(({ id }) => id));
  const older = items.filter((item) => !renewed.has(item.id) && byAge(last, item) < 0);
  return [...page.items, ...older];
}

/** No timeline yet; `days` grows with each *Show older* beyond the last page. */
function emptyTimeline(record = null) {
  return {
    record,
    days: REACH_IN_DAYS[0],
    items: [],
    next: null,
    notice: null,
    audience: null,
    problem: null,
    isLoading: false,
    hasLoaded: false,
    itemProblems: new Map(),
    busy: new Set(),
  };
}

export const initial = () => ({ timeline: emptyTimeline() });

const isSame = (one, other) => Boolean(one && other) && one.table === other.table && one.id === other.id;

/** Actions on the timeline; answers for a record no longer shown are dropped. */
export function create({ store, api, actions }) {
  let shown = new AbortController();

  const patch = (values) => store.update({ timeline: { ...store.state.timeline, ...values } });
  const read = (cursor, days = store.state.timeline.days) =>
    api.activities(store.state.timeline.record, { days, cursor, signal: shown.signal });

  /** Ask, and show the answer unless another record is shown by then. */
  async function load(request, { isQuiet = false } = {}) {
    const { signal } = shown;
    if (!isQuiet) patch({ isLoading: true, problem: null });
    try {
      const values = await request();
      if (!signal.aborted) patch({ ...values, isLoading: false, hasLoaded: true, problem: null });
    } catch (problem) {
      if (!signal.aborted && !isQuiet) patch({ problem, isLoading: false });
    }
  }

  function openRecord(record) {
    actions.people?.closePicker();
    if (isSame(record, store.state.timeline.record)) return refresh();
    shown.abort();
    shown = new AbortController();
    store.update({ timeline: emptyTimeline(record) });
    return record ? load(() => read()) : undefined;
  }

  function refresh() {
    if (!store.state.timeline.record) return undefined;
    const { hasLoaded, problem } = store.state.timeline;
    return load(
      async () => {
        const page = await read();
        const items = renewFirstPage(store.state.timeline.items, page);
        const next = items.length > page.items.length ? store.state.timeline.next : page.next;
        return { items, next, notice: page.notice, audience: page.audience };
      },
      { isQuiet: hasLoaded || Boolean(problem) },
    );
  }

  /** The next page, or, after the last one, further back in time until something older is found. */
  async function showOlder() {
    const { items, next, days } = store.state.timeline;
    await load(async () => {
      if (next) {
        const page = await read(next);
        return { items: [...items, ...page.items], next: page.next };
      }
      return reachFurther(items.length, days);
    });
    announce(t("timeline.count", { count: store.state.timeline.items.length }));
  }

  async function reachFurther(shownCount, days) {
    let reach = days;
    let items = [];
    let next = null;
    do {
      reach = REACH_IN_DAYS[REACH_IN_DAYS.indexOf(reach) + 1];
      items = [];
      do {
        const page = await read(next, reach);
        items.push(...page.items);
        next = page.next;
      } while (next && items.length <= shownCount);
    } while (items.length <= shownCount && reach !== REACH_IN_DAYS.at(-1));
    return { items, next, days: reach };
  }

  /** Put the answer to a change in place of the entry of the same id, if it is shown. */
  function replaceItem(answer) {
    const items = store.state.timeline.items.map((each) =>
      each.id === answer.id ? { ...each, ...answer } : each,
    );
    patch({ items });
  }

  async function changeItem(item, request) {
    const { signal } = shown;
    const { busy, itemProblems } = store.state.timeline;
    if (busy.has(item.id)) return;
    itemProblems.delete(item.id);
    patch({ busy: new Set([...busy, item.id]) });
    try {
      const answer = await request(item.id);
      if (signal.aborted) return;
      replaceItem(answer);
      announce(stateText(answer, store.state.user));
    } catch (problem) {
      if (signal.aborted) return;
      itemProblems.set(item.id, problem);
    }
    const left = new Set(store.state.timeline.busy);
    left.delete(item.id);
    patch({ busy: left });
  }

  /** Whether news is about what is shown, or could be: new mail may belong to any record. */
  function concerns({ kind, id, record }) {
    const { timeline } = store.state;
    if (!timeline.record) return false;
    return kind === "mailbox" || isSame(record, timeline.record) || timeline.items.some((item) => item.id === id);
  }

  return {
    openRecord,
    refresh,
    hear: (news) => (news.some(concerns) ? refresh() : undefined),
    replaceItem,
    showOlder,
    canReachFurther: () => store.state.timeline.days !== REACH_IN_DAYS.at(-1),
    loadAgain: () => load(async () => ({ ...(await read()) })),
    trackItem: (item) => {
      const regarding = reference(store.state.timeline.record);
      return changeItem(item, (id) => api.track(id, { regarding, conversation: false }));
    },
    retryItem: (item) => changeItem(item, api.retry),
  };
}
