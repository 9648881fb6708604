// What a page knows, in one object; whoever changes it has the page drawn again.

/** A store: `state` to read, `update(patch)` to change, `subscribe(draw)` to be told, once per frame at most. */
export function createStore(initial) {
  const listeners = new Set();
  let isScheduled = false;
  const store = {
    state: initial,
    update(patch) {
      Object.assign(store.state, patch);
      if (isScheduled) return;
      isScheduled = true;
      queueMicrotask(() => {
        isScheduled = false;
        for (const listener of listeners) listener(store.state);
      });
    },
    subscribe: (listener) => listeners.add(listener),
  };
  return store;
}

/** How the pane begins. `isStale`: the open email was changed and is being looked up again. */
export function emptyState() {
  return {
    view: "home",
    user: null,
    feature: null,
    preferences: null,
    preferencesProblem: null,
    hostProblem: null,
    isStarting: true,
    item: null,
    email: null,
    who: null,
    emailProblem: null,
    isEmailLoading: false,
    busy: null,
    isStale: false,
    isConfirming: false,
    actionProblem: null,
    choice: emptyChoice(),
    picker: null,
    personForm: null,
    timeline: emptyTimeline(),
    failures: null,
    failuresProblem: null,
    failureCount: 0,
  };
}

/** How the Teams tab begins: as the pane without an email, with a search and the record it leads to. */
export function emptyTabState() {
  return {
    ...emptyState(),
    search: { text: "", answered: null, items: null, next: null, problem: null, isLoading: false },
    opened: noRecord(),
  };
}

/**
 * No record is open. `reference` is what the address or the search names, `record` what the CRM tells of it;
 * `takesFocus` while it has just been chosen on the page.
 */
export function noRecord() {
  return { reference: null, record: null, problem: null, takesFocus: false };
}

/** How to track the open email: `regarding` undefined = the best match, null = without. */
export function emptyChoice() {
  return { regarding: undefined, found: [], left_out: new Set(), conversation: false, isOpen: false };
}

/** No timeline yet; `days` grows with each *Show older* beyond the last page. */
export function emptyTimeline(record = null) {
  return {
    record,
    days: 30,
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
