// A stand-in for the part of Office.js that the pane uses: the page around the pane plays the mail
// client and talks to this script by `postMessage`. Loaded instead of Microsoft's script, it supplies
// `Office` and `OfficeRuntime` with the same names and shapes.

(() => {
  const handlers = [];
  const tokenRequests = new Map();
  let begin = null;
  const ready = new Promise((resolve) => {
    begin = resolve;
  });

  const mailbox = {
    item: null,
    addHandlerAsync(eventType, handler, options, callback) {
      if (eventType === window.Office.EventType.ItemChanged) handlers.push(handler);
      const done = typeof options === "function" ? options : callback;
      done?.({ status: "succeeded" });
    },
    removeHandlerAsync(eventType, options, callback) {
      handlers.length = 0;
      const done = typeof options === "function" ? options : callback;
      done?.({ status: "succeeded" });
    },
  };

  /** Outlook gives this function to items of shared mailboxes; elsewhere it fails. */
  function withSharing({ owner, ...item }) {
    const answer = owner ? { status: "succeeded", value: { owner } } : { status: "failed" };
    return { ...item, getSharedPropertiesAsync: (callback) => queueMicrotask(() => callback(answer)) };
  }

  function getAccessToken() {
    return new Promise((resolve, reject) => {
      const id = crypto.randomUUID();
      tokenRequests.set(id, { resolve, reject });
      window.parent.postMessage({ office: "token", id }, window.location.origin);
    });
  }

  function settleToken({ id, token, error }) {
    const request = tokenRequests.get(id);
    tokenRequests.delete(id);
    if (token) request?.resolve(token);
    else request?.reject(Object.assign(new Error(error), { code: 13_001 }));
  }

  window.addEventListener("message", (event) => {
    if (event.source !== window.parent || event.origin !== window.location.origin) return;
    const { office, item } = event.data ?? {};
    if (office === "token") settleToken(event.data);
    if (office !== "item") return;
    mailbox.item = item && withSharing(item);
    begin({ host: "Outlook", platform: "OfficeOnline" });
    for (const handler of handlers) handler({ type: "olkItemSelectedChanged" });
  });

  window.Office = {
    EventType: { ItemChanged: "olkItemSelectedChanged" },
    HostType: { Outlook: "Outlook" },
    AsyncResultStatus: { Succeeded: "succeeded", Failed: "failed" },
    context: { mailbox, displayLanguage: document.documentElement.lang },
    auth: { getAccessToken },
    onReady(callback) {
      if (callback) ready.then(callback);
      return ready;
    },
  };
  window.OfficeRuntime = { auth: { getAccessToken } };

  if (window.parent === window) begin({ host: null, platform: null });
  else window.parent.postMessage({ office: "hello" }, window.location.origin);
})();
