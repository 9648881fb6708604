// The open email's own card: where it stands, and what can be done about that.

import { formatFullTime, formatTime } from "../format.js";
import { html, live, nothing } from "../html.js";
import { t } from "../messages.js";
import { attachmentChoice, attachmentOutcomes } from "./attachments.js";
import { button, icon, line, problemLine, skeleton } from "./controls.js";
import { recordPicker } from "./picker.js";
import { chosenAudience, chosenRegarding, isWithoutMatch, regardingChoice } from "./regarding.js";
import { privateText, stateSymbol, stateText } from "./state.js";

function audienceText(state) {
  const count = chosenAudience(state);
  if (count === null) return t("audience.unknown", { record: chosenRegarding(state).name });
  return t(state.choice.conversation ? "audience.conversation" : "audience", { count });
}

/** What would be tracked with it, told before it is pressed. */
function conversationMails({ thread }) {
  return html`<ul class="thread" aria-label=${t("conversation.mails")}>
    ${thread.map(
      ({ subject, at }) =>
        html`<li>
          <bdi>${subject || t("email.no_subject")}</bdi>
          <time datetime=${at} title=${formatFullTime(at)}>${formatTime(at)}</time>
        </li>`,
    )}
  </ul>`;
}

function conversationChoice({ email, choice }, actions) {
  if (email.conversation < 2) return nothing;
  return html`<label class="option conversation">
    <input
      type="checkbox"
      .checked=${live(choice.conversation)}
      @change=${(event) => actions.mail.chooseConversation(event.target.checked)}
    />
    <span class="text">
      <span class="name">${t("conversation.whole")}</span>
      <span class="caption">${t("conversation.count", { count: email.conversation })}</span>
    </span>
  </label>
  ${choice.conversation ? conversationMails(email) : nothing}`;
}

function trackForm(state, actions) {
  const isBusy = state.busy === "track";
  const { offer } = state.email;
  return html`${offer ? html`<p class="offer">${icon("info")}<span>${offer}</span></p>` : nothing}
    ${regardingChoice(state, actions)} ${attachmentChoice(state, actions)}
    ${conversationChoice(state, actions)}
    <div class="card-foot">
      <p class="audience" id="audience">${icon("people")}<span>${audienceText(state)}</span></p>
      ${button(isBusy ? t("track.sending") : t("track"), actions.mail.track, {
        appearance: isWithoutMatch(state) ? "secondary" : "primary",
        size: "medium",
        className: "wide",
        describedBy: "audience",
        isDisabled: Boolean(state.busy) || state.isStale,
      })}
    </div>`;
}

function pickerButton(purpose, label, onPick, state, actions) {
  return button(label, () => actions.people.openPicker(purpose, onPick), {
    expanded: state.picker?.purpose === purpose,
    opens: purpose,
  });
}

function changeButtons(state, actions) {
  const { may } = state.email.item;
  const { mail } = actions;
  if (state.isConfirming && may.includes("untrack")) return untrackQuestion(state, actions);
  const buttons = [
    may.includes("retry") && button(t("retry"), mail.retry, { appearance: "primary" }),
    may.includes("regard") &&
      pickerButton("regarding", t("regarding.change"), mail.setRegarding, state, actions),
    may.includes("link") && pickerButton("link", t("link"), mail.link, state, actions),
    may.includes("untrack") &&
      button(t("untrack"), mail.askToUntrack, { appearance: "subtle", opens: "untrack" }),
  ].filter(Boolean);
  return buttons.length ? html`<div class="buttons">${buttons}</div>` : nothing;
}

/** Asked once, in place: colleagues may have come to rely on the email. `Escape` keeps it. */
function untrackQuestion({ busy }, { mail }) {
  const isBusy = Boolean(busy);
  return html`<div
    class="question"
    data-part="untrack"
    role="group"
    aria-labelledby="untrack-title"
    aria-describedby="untrack-hint"
    @keydown=${(event) => event.key === "Escape" && mail.keepTracked()}
  >
    <p id="untrack-title" class="name">${t("untrack.question")}</p>
    <p id="untrack-hint" class="caption">${t("untrack.hint")}</p>
    <div class="buttons">
      ${button(isBusy ? t("untrack.sending") : t("untrack"), mail.untrack, {
        appearance: "primary",
        isDisabled: isBusy,
      })}
      ${button(t("untrack.keep"), mail.keepTracked, { takesFocus: true, isDisabled: isBusy })}
    </div>
  </div>`;
}

function changePicker(state, actions) {
  const purpose = state.picker?.purpose;
  if (purpose !== "regarding" && purpose !== "link") return nothing;
  return html`<div class="change-picker" data-part=${purpose}>
    ${recordPicker(state.picker, actions)}
    ${
      purpose === "regarding"
        ? button(t("regarding.none"), () => actions.mail.setRegarding(null), {
            appearance: "transparent",
            className: "flush",
          })
        : nothing
    }
  </div>`;
}

function recordLinks(records, actions) {
  return records.map(
    (record) =>
      html`<dd>
        <button type="button" class="link" @click=${() => actions.timeline.openRecord(record)}>
          <bdi>${record.name}</bdi>
        </button>
      </dd>`,
  );
}

/** Where it is filed: what it is about, and the further records it is linked to. */
function filed({ regarding, links }, actions) {
  if (!regarding && !links.length) return nothing;
  return html`<dl class="filed">
    ${regarding ? html`<dt>${t("regarding.title")}</dt>${recordLinks([regarding], actions)}` : nothing}
    ${links.length ? html`<dt>${t("link.also")}</dt>${recordLinks(links, actions)}` : nothing}
  </dl>`;
}

function stateLine({ email, user }, actions) {
  const { item, offer, on_behalf_of } = email;
  const isOffered = item.state === "untracked" && item.may.includes("track");
  return html`<div class="state-line ${item.state}">
    ${icon(stateSymbol(item.state), item.state === "pending" ? "ticking" : "")}
    <div class="text">
      <span class="name">${privateText(item, on_behalf_of) ?? stateText(item, user)}</span>
      ${on_behalf_of && isOffered ? html`<span class="caption">${t("track.on_behalf", { name: on_behalf_of })}</span>` : nothing}
      ${item.failure ? html`<span class="caption">${item.failure.action}</span>` : nothing}
      ${isOffered && !offer ? html`<span class="caption">${t("state.untracked_hint")}</span>` : nothing}
      ${filed(item, actions)}
    </div>
  </div>`;
}

function body(state, actions) {
  const { item, notice } = state.email;
  return html`${stateLine(state, actions)} ${attachmentOutcomes(item)}
  ${notice ? line("info", { title: t("track.not_offered"), detail: notice }) : nothing}
  ${item.may.includes("track") && item.state === "untracked" ? trackForm(state, actions) : nothing}
  ${state.actionProblem ? problemLine(state.actionProblem.problem, state.actionProblem.again) : nothing}
  ${changeButtons(state, actions)} ${changePicker(state, actions)}`;
}

/** The card of the open email. */
export function trackSection(state, actions) {
  if (state.emailProblem) return problemLine(state.emailProblem, actions.mail.lookAgain);
  if (!state.email) return state.isEmailLoading ? skeleton(2, t("loading.email")) : nothing;
  return html`<section class="card track" aria-labelledby="track-title" data-home="track" tabindex="-1">
    <h2 id="track-title" class="visually-hidden">${t("track.title")}</h2>
    ${body(state, actions)}
  </section>`;
}
