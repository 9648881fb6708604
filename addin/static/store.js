// What a page knows, in one object; whoever changes it has the page drawn again.

/** A store: `state` to read, `update(patch)` to change, `subscribe(draw)` to be told, once per frame at most. */
export function createStore(initial) {
  const listeners = new Set();
  let isScheduled = false;
  const store = {
    state: initial,
    update(patch) {
      const stranger = Object.keys(patch).find((key) => !(key in store.state));
      if (stranger) throw new Error(`no slice of this page has "${stranger}"`);
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

/** How a page begins: the slices (`initial`) of its modules in one; an Error where two have the same key. */
export function joinSlices(modules) {
  const state = {};
  const owners = {};
  for (const [name, { initial }] of Object.entries(modules)) {
    for (const [key, value] of Object.entries(initial())) {
      if (key in owners) throw new Error(`"${key}" is of both "${owners[key]}" and "${name}"`);
      owners[key] = name;
      state[key] = value;
    }
  }
  return state;
}
