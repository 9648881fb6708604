// The open email's own card: where it stands, and what can be done about that.

import { html, live, nothing } from "../html.js";
import { t } from "../messages.js";
import { attachmentChoice, attachmentOutcomes } from "./attachments.js";
import { button, icon, line, problemLine, skeleton } from "./controls.js";
import { recordPicker } from "./picker.js";
import { chosenAudience, chosenRegarding, regardingChoice } from "./regarding.js";
import { stateSymbol, stateText } from "./state.js";

function audienceText(state) {
  const count = chosenAudience(state);
  if (count === null) return t("audience.unknown", { record: chosenRegarding(state).name });
  return t(state.choice.conversation ? "audience.conversation" : "audience", { count });
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
  </label>`;
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
        appearance: "primary",
        size: "medium",
        className: "wide",
        describedBy: "audience",
        isDisabled: Boolean(state.busy) || state.isStale,
      })}
    </div>`;
}

function changeButtons(state, actions) {
  const { may } = state.email.item;
  const { openPicker } = actions.people;
  return [
    may.includes("retry") && button(t("retry"), actions.mail.retry, { appearance: "primary" }),
    may.includes("regard") &&
      button(t("regarding.change"), () => openPicker("regarding", actions.mail.setRegarding), {
        expanded: state.picker?.purpose === "regarding",
        opens: "regarding",
      }),
    may.includes("regard") &&
      button(t("link"), () => openPicker("link", actions.mail.link), {
        expanded: state.picker?.purpose === "link",
        opens: "link",
      }),
    may.includes("untrack") && button(t("untrack"), actions.mail.untrack, { appearance: "subtle" }),
  ].filter(Boolean);
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

function stateLine({ email, user, links }) {
  const { item } = email;
  const linked = links.get(item.id) ?? [];
  const about =
    item.regarding && item.state !== "tracked" ? t("regarding.about", { record: item.regarding.name }) : "";
  return html`<div class="state-line ${item.state}">
    ${icon(stateSymbol(item.state), item.state === "pending" ? "ticking" : "")}
    <div class="text">
      <span class="name">${stateText(item, user)}</span>
      ${about ? html`<span class="caption">${about}</span>` : nothing}
      ${item.failure ? html`<span class="caption">${item.failure.action}</span>` : nothing}
      ${linked.map((record) => html`<span class="caption">${t("link.done", { record })}</span>`)}
      ${
        item.state === "untracked" && item.may.includes("track")
          ? html`<span class="caption">${t("state.untracked_hint")}</span>`
          : nothing
      }
    </div>
  </div>`;
}

function body(state, actions) {
  const { item, notice } = state.email;
  const buttons = changeButtons(state, actions);
  return html`${stateLine(state)} ${attachmentOutcomes(item)}
  ${notice ? line("info", { title: t("track.not_offered"), detail: notice }) : nothing}
  ${item.may.includes("track") && item.state === "untracked" ? trackForm(state, actions) : nothing}
  ${state.actionProblem ? problemLine(state.actionProblem.problem, state.actionProblem.again) : nothing}
  ${buttons.length ? html`<div class="buttons">${buttons}</div>` : nothing} ${changePicker(state, actions)}`;
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
