// The mail client, through Office.js: the only module that knows `Office`. Whatever script the page
// names as its `office` supplies that object, so the pane is the same inside Outlook and elsewhere.

import { HostProblem, loadScript, within } from "./script.js";

const READY_WITHIN_MS = 15_000;
/** Exchange's own names of mailboxes, which Office gives now and then in place of an address. */
const LEGACY = /^\s*(?:\/(?:o|ou|cn)=|imcea[a-z]*-)/i;

/** Whose mailbox the item lies in, where it is shared with who reads it; else null. */
function readOwner(item) {
  return new Promise((resolve) => {
    if (!item.getSharedPropertiesAsync) resolve(null);
    else item.getSharedPropertiesAsync(({ value }) => resolve(value?.owner || null)); // fails where nothing is shared
  });
}

/** The open item, or null: {internetMessageId, owner(), addresses(), senderName(address)}. */
function readItem(mailbox) {
  const item = mailbox.item;
  if (!item?.internetMessageId) return null;
  const people = [item.from, item.sender, ...(item.to ?? []), ...(item.cc ?? [])].filter(Boolean);
  const names = new Map(people.map((person) => [person.emailAddress?.toLowerCase(), person.displayName]));
  const nameOf = (address) => names.get(address.toLowerCase()) ?? "";
  return {
    internetMessageId: item.internetMessageId,
    owner: () => readOwner(item),
    addresses: () => [...names.keys()].filter((address) => address?.includes("@") && !LEGACY.test(address)),
    senderName: (address) => (nameOf(address).toLowerCase() === address.toLowerCase() ? "" : nameOf(address)),
  };
}

/** Follow Office's theme where it is told; otherwise the system's applies. */
function applyTheme(theme) {
  const background = theme?.bodyBackgroundColor;
  if (!/^#[0-9a-f]{6}$/i.test(background ?? "")) return;
  const [red, green, blue] = [1, 3, 5].map((at) => Number.parseInt(background.slice(at, at + 2), 16));
  const isDark = red * 0.299 + green * 0.587 + blue * 0.114 < 128;
  document.documentElement.dataset.theme = isDark ? "dark" : "light";
}

/** What the dialog at `url` says before it closes; HostProblem where it is refused, blocked, or closed. */
function askInDialog(url) {
  const { ui } = window.Office.context;
  const refused = new HostProblem("host.refused");
  if (!ui?.displayDialogAsync) return Promise.reject(new HostProblem("host.sign_in"));
  return new Promise((resolve, reject) => {
    ui.displayDialogAsync(url, { height: 60, width: 30, promptBeforeOpen: false }, ({ status, value: dialog }) => {
      if (status === window.Office.AsyncResultStatus.Failed) return reject(new HostProblem("host.blocked"));
      const { DialogMessageReceived, DialogEventReceived } = window.Office.EventType;
      dialog.addEventHandler(DialogMessageReceived, ({ message, origin }) => {
        if (origin && origin !== location.origin) return;
        dialog.close();
        const { token } = JSON.parse(message);
        token ? resolve(token) : reject(refused);
      });
      dialog.addEventHandler(DialogEventReceived, () => reject(refused));
    });
  });
}

/**
 * Start Office and return the client: {item(), onItemChanged(handler), getToken(options), askInDialog(url)}.
 * Raises HostProblem when the script does not load, does not answer, or runs outside Outlook.
 */
export async function openHost(src) {
  await loadScript(src, new HostProblem("host.script"));
  const info = await within(READY_WITHIN_MS, window.Office.onReady(), new HostProblem("host.slow"));
  const mailbox = window.Office.context?.mailbox;
  if (!info.host || !mailbox) throw new HostProblem("host.outside");
  applyTheme(window.Office.context.officeTheme);
  return {
    item: () => readItem(mailbox),
    onItemChanged: (handler) =>
      mailbox.addHandlerAsync(window.Office.EventType.ItemChanged, () => handler(readItem(mailbox))),
    getToken: (options) => {
      const auth = window.OfficeRuntime?.auth ?? window.Office.auth;
      if (!auth) return Promise.reject(new HostProblem("host.sign_in"));
      return auth.getAccessToken(options);
    },
    askInDialog,
  };
}
