// The mail client's side of the pane: tells the iframe which item is open and gives it tokens.

/** The fields of an Office.js item that the pane reads, from a message of the demo's mailbox. */
function asOfficeItem(message, owner) {
  const person = (address, name = "") => ({ emailAddress: address, displayName: name || address });
  return {
    itemType: "message",
    owner,
    internetMessageId: message.internet_message_id,
    subject: message.subject,
    from: person(message.from, message.sender_name),
    sender: person(message.from, message.sender_name),
    to: message.to.map((address) => person(address)),
    cc: (message.cc ?? []).map((address) => person(address)),
  };
}

/**
 * The host of one pane iframe: {show(message or null), restart()}. The pane is loaded once there is something
 * to show, as a mail client does. `getToken()` answers for the person of the mailbox.
 */
export function hostPane(frame, src, getToken) {
  let item = null;
  const post = (data) => frame.contentWindow.postMessage(data, location.origin);

  window.addEventListener("message", async (event) => {
    if (event.source !== frame.contentWindow || event.origin !== location.origin) return;
    if (event.data.office === "hello") post({ office: "item", item });
    if (event.data.office !== "token") return;
    try {
      post({ office: "token", id: event.data.id, token: await getToken() });
    } catch (error) {
      post({ office: "token", id: event.data.id, error: error.message });
    }
  });

  return {
    /** `owner` is the address of the shared mailbox it lies in, null in the own one. */
    show(message, owner = null) {
      item = message && asOfficeItem(message, owner);
      if (frame.getAttribute("src") === src) post({ office: "item", item });
      else frame.setAttribute("src", src);
    },
    /** End the pane; the next `show` starts it anew, as the mail client of somebody else. */
    restart() {
      item = null;
      frame.setAttribute("src", "about:blank");
    },
  };
}
