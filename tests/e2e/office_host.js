// Stands in for Office.js in a client without our demo around it: an open mail, dialogs as pop-up windows, and
// a token of Office's own only where the test says so. Loaded under Microsoft's address of Office.js.
// `window.openMail` is the mail where the test says which; with an `owner` it lies in that one's shared mailbox.

(() => {
  const { owner, ...mail } = window.openMail ?? { internetMessageId: "<1@mail.example>" };
  const item = {
    from: { emailAddress: "ana@fabrikam.example", displayName: "Ana Silva" },
    to: [],
    cc: [],
    ...mail,
  };
  if (owner) {
    item.getSharedPropertiesAsync = (callback) => callback({ status: "succeeded", value: { owner } });
  }
  const ready = Promise.resolve({ host: "Outlook", platform: "OfficeOnline" });

  function displayDialogAsync(url, _options, callback) {
    const popup = window.open(url, "_blank", "popup");
    const handlers = {};
    const dialog = {
      addEventHandler: (type, handler) => {
        handlers[type] = handler;
      },
      close: () => popup.close(),
    };
    window.addEventListener("message", ({ source, origin, data }) => {
      if (source === popup) handlers.dialogMessageReceived?.({ message: data, origin });
    });
    callback({ status: "succeeded", value: dialog });
  }

  window.Office = {
    EventType: {
      ItemChanged: "olkItemSelectedChanged",
      DialogMessageReceived: "dialogMessageReceived",
      DialogEventReceived: "dialogEventReceived",
    },
    HostType: { Outlook: "Outlook" },
    AsyncResultStatus: { Succeeded: "succeeded", Failed: "failed" },
    context: {
      mailbox: { item, addHandlerAsync() {} },
      ui: {
        displayDialogAsync,
        messageParent: (message, { targetOrigin }) => window.opener.postMessage(message, targetOrigin),
      },
    },
    onReady: () => ready,
  };
  window.OfficeRuntime = {
    auth: {
      getAccessToken: (options) =>
        window.officeToken
          ? window.officeToken(JSON.stringify(options))
          : Promise.reject(Object.assign(new Error("not supported"), { code: 13_012 })),
    },
  };
})();
