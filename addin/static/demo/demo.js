// Starts the demo's mail client. Person and email stand in the address (ids only), so that a link or a
// reload comes back to the same place.

import { render } from "../html.js";
import { loadMessages, t } from "../messages.js";
import { loadSprite } from "../sprite.js";
import { openMailbox, readPeople } from "./mailbox.js";
import { hostPane } from "./pane-host.js";
import { readerView } from "./reader.js";
import { watchServer } from "./server.js";

const state = {
  people: [],
  person: null,
  mailboxes: [],
  shared: null,
  messages: [],
  next: null,
  hasLoaded: false,
  openId: null,
  message: null,
  problem: null,
  missing: null,
  isAway: false,
};
const root = document.getElementById("demo");
let mailbox = null;
let pane = null;
let lookForServer = null;

const place = () => Object.fromEntries(new URLSearchParams(location.hash.slice(1)));

function setPlace() {
  const parts = {
    person: state.person.id,
    ...(state.shared && { mailbox: state.shared }),
    ...(state.openId && { email: state.openId }),
  };
  history.replaceState(null, "", `#${new URLSearchParams(parts)}`);
}

function createFrame() {
  const frame = document.createElement("iframe");
  frame.title = t("demo.pane");
  return frame;
}

async function attempt(work) {
  state.problem = null;
  try {
    await work();
  } catch (problem) {
    state.problem = problem;
    lookForServer();
  }
  draw();
}

/** Open an email; an answer that comes after another choice is dropped. */
async function openMail(id) {
  const listed = state.messages.find((message) => message.id === id);
  Object.assign(state, { openId: id, message: listed ?? null, missing: null });
  setPlace();
  draw();
  if (listed) pane.show(listed, state.shared);
  await attempt(async () => {
    const message = await mailbox.message(state.shared, id);
    if (state.openId !== id) return;
    state.message = message;
    if (!listed) pane.show(message, state.shared);
  });
}

function closeMail() {
  Object.assign(state, { openId: null, message: null });
  setPlace();
  pane.show(null);
  draw();
}

/** The wanted email where this mailbox holds a copy, else none: the list then chooses. */
async function findCopy(id) {
  if (!id) return null;
  try {
    return (await mailbox.message(state.shared, id)).id;
  } catch (problem) {
    if (problem.status === 404) return null;
    throw problem;
  }
}

/**
 * Open the mailbox of `person`, or one shared with that person, at the wanted email; `previous` is whose copy was
 * looked at before.
 */
async function openPerson(person, wantedId, { previous = null, shared = null } = {}) {
  if (person !== state.person) {
    mailbox = openMailbox(person);
    state.mailboxes = [];
    attempt(async () => {
      const mailboxes = await mailbox.all();
      if (state.person === person) state.mailboxes = mailboxes;
    });
  }
  Object.assign(state, { person, shared, messages: [], next: null, hasLoaded: false });
  Object.assign(state, { openId: null, message: null, missing: null });
  setPlace();
  draw();
  await attempt(async () => {
    const [page, copyId] = await Promise.all([mailbox.page(shared), findCopy(wantedId)]);
    if (state.person !== person || state.shared !== shared) return; // another was chosen meanwhile
    Object.assign(state, { messages: page.items, next: page.next, hasLoaded: true });
    const isWide = matchMedia("(min-width: 640px)").matches;
    const id = copyId ?? (isWide && !wantedId ? page.items[0]?.id : null);
    if (id) await openMail(id);
    else closeMail();
    if (wantedId && !copyId) state.missing = { id: wantedId, previous };
  });
}

const actions = {
  openMail,
  closeMail,
  startAgain: () => location.reload(),
  showOlder: () =>
    attempt(async () => {
      const page = await mailbox.page(state.shared, state.next);
      Object.assign(state, { messages: [...state.messages, ...page.items], next: page.next });
    }),
  switchPerson: (id) => {
    const wanted = state.openId;
    const previous = state.person;
    pane.restart();
    return openPerson(
      state.people.find((person) => person.id === id),
      wanted,
      { previous },
    );
  },
  switchMailbox: (address) =>
    openPerson(state.person, null, { shared: address === state.person.email ? null : address }),
  goBack: ({ id, previous }) => {
    pane.restart();
    return openPerson(previous, id);
  },
};

let frame = null;

function draw() {
  render(readerView(state, actions, frame), root);
}

/** What could not be read while the server was away is read again when it is back. */
function tellServer(isAway) {
  state.isAway = isAway;
  if (!isAway && state.problem) location.reload();
  else draw();
}

async function start() {
  loadSprite();
  await loadMessages();
  frame = createFrame();
  draw();
  lookForServer = watchServer(tellServer);
  pane = hostPane(frame, "/addin/pane", () => mailbox.token());
  await attempt(async () => {
    state.people = await readPeople();
    const { person, email, mailbox: shared = null } = place();
    await openPerson(state.people.find(({ id }) => id === person) ?? state.people[0], email, { shared });
  });
}

start();
