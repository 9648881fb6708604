// What the demo's mail client looks like: bar, list of emails, the open one, and the pane beside it.

import { formatFullTime, formatSize, formatTime } from "../format.js";
import { html, live, nothing, repeat } from "../html.js";
import { t } from "../messages.js";
import { avatar, button, icon, line } from "../views/controls.js";
import { asPerson } from "./person.js";

// The message's own HTML runs in a frame without scripts, without our origin, without the network.
const BODY_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'";

/** Pictures from elsewhere are not fetched: their words stand in for them, as in a mail client that asks first. */
function leaveOutPictures(frame) {
  for (const picture of frame.querySelectorAll('img:not([src^="data:"])')) picture.replaceWith(picture.alt);
}

function bodyDocument(message) {
  const frame = document.implementation.createHTMLDocument("");
  const policy = frame.createElement("meta");
  policy.httpEquiv = "Content-Security-Policy";
  policy.content = BODY_POLICY;
  frame.head.append(policy);
  frame.body.style.cssText =
    "margin:0;font:14px/1.45 'Segoe UI',system-ui,'Noto Sans',sans-serif;color:#242424;overflow-wrap:anywhere";
  if (message.html) {
    frame.body.innerHTML = message.html;
    leaveOutPictures(frame);
  }
  else {
    frame.body.style.whiteSpace = "pre-wrap";
    frame.body.textContent = message.text ?? ""; // a listed message has no words yet
  }
  return `<!doctype html>${frame.documentElement.outerHTML}`;
}

function bar(state, actions) {
  return html`<header class="demo-bar">
    <img src="/static/icon.svg" alt="" width="28" height="28" />
    <h1>${t("demo.title")}</h1>
    ${state.person ? html`<a href="/tab${asPerson(state.person.id)}">${t("demo.to_tab")}</a>` : nothing}
    <label class="person-switch">
      <span>${t("demo.mailbox_of")}</span>
      <select
        @change=${(event) => actions.switchPerson(event.target.value)}
        .value=${live(state.person?.id ?? "")}
      >
        ${state.people.map(
          ({ id, name }) => html`<option value=${id} ?selected=${id === state.person?.id}>${name}</option>`,
        )}
      </select>
    </label>
  </header>`;
}

function row(message, state, actions) {
  const isOpen = message.id === state.openId;
  const isOwn = message.from.toLowerCase() === state.person.email.toLowerCase();
  const who = isOwn ? t("entry.to", { names: message.to.join(", ") }) : message.sender_name || message.from;
  return html`<li>
    <button
      class="mail"
      aria-current=${isOpen ? "true" : nothing}
      @click=${() => actions.openMail(message.id)}
    >
      ${avatar(message.sender_name || message.from)}
      <span class="mail-text">
        <span class="mail-head">
          <bdi class="mail-from">${who}</bdi>
          ${message.attachments?.length ? icon("attach") : nothing}
          <time datetime=${message.at}>${formatTime(message.at)}</time>
        </span>
        <bdi class="mail-subject">${message.subject || t("email.no_subject")}</bdi>
      </span>
    </button>
  </li>`;
}

/** The mailboxes one may read, where there is more than the own one. */
function mailboxSwitch({ mailboxes, person, shared }, actions) {
  if (mailboxes.length < 2) return html`<h2>${t("demo.inbox")}</h2>`;
  const current = shared ?? person.email;
  return html`<h2>
    <select
      class="mailbox-switch"
      aria-label=${t("demo.inbox")}
      @change=${(event) => actions.switchMailbox(event.target.value)}
      .value=${live(current)}
    >
      ${mailboxes.map(({ address, name }, index) => {
        const label = index ? t("demo.shared_mailbox", { name }) : t("demo.own_mailbox");
        return html`<option value=${address} ?selected=${address === current}>${label}</option>`;
      })}
    </select>
  </h2>`;
}

function list(state, actions) {
  return html`<nav class="mail-list" aria-label=${t("demo.list")}>
    ${mailboxSwitch(state, actions)}
    <ul>
      ${repeat(
        state.messages,
        ({ id }) => id,
        (message) => row(message, state, actions),
      )}
    </ul>
    ${state.hasLoaded && !state.messages.length ? html`<p class="quiet">${t("demo.no_mail")}</p>` : nothing}
    ${state.next ? button(t("demo.older"), actions.showOlder) : nothing}
  </nav>`;
}

function attachments(message) {
  const files = (message.attachments ?? []).filter(({ is_inline }) => !is_inline);
  if (!files.length) return nothing;
  return html`<ul class="mail-files">
    ${files.map(
      (file) =>
        html`<li>
          ${icon("attach")}<bdi>${file.name}</bdi><span class="caption">${formatSize(file.size)}</span>
        </li>`,
    )}
  </ul>`;
}

function colleagues(state, actions) {
  const { message, people, person } = state;
  const addresses = new Set(
    [message.from, ...message.to, ...(message.cc ?? [])].map((each) => each.toLowerCase()),
  );
  const others = people.filter(({ id, email }) => id !== person.id && addresses.has(email.toLowerCase()));
  if (!others.length) return nothing;
  return html`<p class="colleagues">
    ${t("demo.as_colleague")}
    ${others.map((other) => html`<button class="link" @click=${() => actions.switchPerson(other.id)}>${other.name}</button>`)}
  </p>`;
}

function reader(state, actions) {
  const { message } = state;
  if (!message) return html`<article class="mail-reader"><p class="quiet empty">${t("demo.choose")}</p></article>`;
  return html`<article class="mail-reader">
    <button class="to-list link" @click=${actions.closeMail}>${icon("back")}${t("demo.back")}</button>
    <h2><bdi>${message.subject || t("email.no_subject")}</bdi></h2>
    <div class="mail-people">
      ${avatar(message.sender_name || message.from, 40)}
      <div class="mail-text">
        <span
          ><bdi class="mail-from">${message.sender_name || message.from}</bdi>
          <bdi class="quiet">${message.from}</bdi></span
        >
        <span class="caption">${t("demo.from_to", { names: message.to.join(", ") })}</span>
        ${message.cc?.length ? html`<span class="caption">${t("demo.cc", { names: message.cc.join(", ") })}</span>` : nothing}
        <time class="caption" datetime=${message.at}>${formatFullTime(message.at)}</time>
      </div>
    </div>
    ${colleagues(state, actions)} ${attachments(message)}
    <iframe class="mail-body" sandbox="" title=${t("demo.body")} srcdoc=${bodyDocument(message)}></iframe>
  </article>`;
}

/** What is the matter, above everything else: nobody answers, something failed, or there is no such copy. */
function lines(state, actions) {
  if (state.isAway) return line("warning", { title: t("demo.away"), detail: t("demo.away.do") });
  if (state.problem) {
    return line("error", {
      title: t("demo.failed"),
      detail: state.problem.message,
      action: button(t("try_again"), actions.startAgain),
    });
  }
  if (!state.missing) return nothing;
  const { previous } = state.missing;
  return line("info", {
    title: t("demo.no_copy", state.person),
    detail: t("demo.no_copy.do", state.person),
    action: previous
      ? button(t("demo.back_to", previous), () => actions.goBack(state.missing))
      : nothing,
  });
}

/** The page for `state`; the pane's iframe is made once and kept by the caller. */
export function readerView(state, actions, frame) {
  return html`${bar(state, actions)} ${lines(state, actions)}
    <main class="demo-grid ${state.openId ? "has-mail" : ""}">
      ${list(state, actions)} ${reader(state, actions)}
      <div class="demo-pane">${frame}</div>
    </main>`;
}
