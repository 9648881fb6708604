// One entry of a timeline: private mail dotted and grey, what is in the CRM solid.

import { formatFullTime, formatTime } from "../format.js";
import { html, nothing } from "../html.js";
import { hasMessage, t } from "../messages.js";
import { button, icon, problemLine } from "./controls.js";
import { stateText } from "./state.js";

const KINDS_WITH_SYMBOL = ["appointment", "phonecall", "task"];

function symbol(item) {
  if (item.kind !== "email") return KINDS_WITH_SYMBOL.includes(item.kind) ? item.kind : "activity";
  return { incoming: "mail-in", outgoing: "mail-out" }[item.direction] ?? "mail";
}

function kindText(item) {
  if (item.kind === "email" && item.direction) return t(`direction.${item.direction}`);
  return hasMessage(`kind.${item.kind}`) ? t(`kind.${item.kind}`) : item.kind;
}

/** Who it is with: the sender of what came in, those whom it went out to. */
function people(item) {
  if (item.direction === "outgoing" && item.to.length) return t("entry.to", { names: item.to.join(", ") });
  return item.sender_name || item.from || kindText(item);
}

function marks(item, isOpenEmail) {
  const files = item.attachments.filter(({ is_inline }) => !is_inline).length;
  return html`${item.private ? html`<span class="badge private">${icon("private")}${t("entry.private")}</span>` : nothing}
  ${isOpenEmail ? html`<span class="badge">${t("entry.open")}</span>` : nothing}
  ${
    files
      ? html`<span class="files" title=${t("attachments.title", { count: files })}
          >${icon("attach")}<span aria-hidden="true">${files}</span
          ><span class="visually-hidden">${t("attachments.title", { count: files })}</span></span
        >`
      : nothing
  }`;
}

function status(item, { user, timeline }) {
  if (!item.state || item.state === "untracked") return nothing;
  const { regarding } = item;
  const isElsewhere = regarding && regarding.id !== timeline.record?.id;
  return html`<span class="status ${item.state}">${stateText(item, user)}</span>
    ${isElsewhere ? html`<span class="why">${t("email.regarding", { record: regarding.name })}</span>` : nothing}
    ${item.failure ? html`<span class="caption">${item.failure.action}</span>` : nothing}`;
}

function actionButton(item, state, actions) {
  const isBusy = state.timeline.busy.has(item.id);
  const name = item.subject || t("email.no_subject");
  if (item.may.includes("track") && item.state === "untracked") {
    return button(isBusy ? t("track.sending") : t("track"), () => actions.timeline.trackItem(item), {
      name: isBusy ? undefined : t("track.name", { subject: name }),
      isDisabled: isBusy || (state.isStale && item.id === state.email?.item.id),
    });
  }
  if (item.may.includes("retry")) {
    return button(t("retry"), () => actions.timeline.retryItem(item), {
      name: t("retry.name", { subject: name }),
    });
  }
  return nothing;
}

/** A list entry; the class tells the state, so that colour and border follow from it. */
export function timelineEntry(item, state, actions) {
  const isOpenEmail = item.id === state.email?.item.id;
  const problem = state.timeline.itemProblems.get(item.id);
  return html`<li class="entry ${item.state ?? "activity"}" aria-current=${isOpenEmail ? "true" : nothing}>
    <span class="symbol" title=${kindText(item)}>${icon(symbol(item))}</span>
    <div class="entry-body">
      <div class="entry-head">
        <span class="visually-hidden">${kindText(item)},</span>
        <bdi class="entry-people">${people(item)}</bdi>
        <time datetime=${item.at} title=${formatFullTime(item.at)}>${formatTime(item.at)}</time>
      </div>
      <bdi class="subject">${item.subject || t("email.no_subject")}</bdi>
      ${item.why ? html`<span class="why">${item.why}</span>` : nothing} ${status(item, state)}
      <div class="entry-foot">
        <span class="marks">${marks(item, isOpenEmail)}</span>
        ${actionButton(item, state, actions)}
      </div>
      ${problem ? problemLine(problem) : nothing}
    </div>
  </li>`;
}
