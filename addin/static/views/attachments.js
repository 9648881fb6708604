// The files of the open email: chosen one by one before tracking, each with its outcome after.

import { formatSize } from "../format.js";
import { html, live, nothing } from "../html.js";
import { t } from "../messages.js";
import { icon } from "./controls.js";
import { stateSymbol } from "./state.js";

const listed = (item) => item.attachments.filter(({ is_inline }) => !is_inline);

function choice(file, state, actions) {
  return html`<label class="option">
    <input
      type="checkbox"
      .checked=${live(!state.choice.left_out.has(file.id))}
      @change=${(event) => actions.mail.chooseAttachment(file.id, event.target.checked)}
    />
    <span class="text file"
      ><bdi class="name">${file.name}</bdi><span class="caption"><data value=${file.size}>${formatSize(file.size)}</data></span></span
    >
  </label>`;
}

/** Check boxes, all ticked at first; inline pictures belong to the body and are not listed. */
export function attachmentChoice(state, actions) {
  const files = listed(state.email.item);
  if (!files.length) return nothing;
  return html`<fieldset class="attachments">
    <legend>${t("attachments.title", { count: files.length })}</legend>
    ${files.map((file) => choice(file, state, actions))}
  </fieldset>`;
}

function outcomeText({ state, cause }) {
  if (state === "failed") return t("state.failed", { cause: cause ?? t("state.no_cause") });
  return t(
    { pending: "state.pending", tracked: "state.tracked" }[state] ?? "attachments.left_out",
  );
}

/** Each file with what became of it; where none has an outcome, another tool tracked the email. */
export function attachmentOutcomes(item) {
  const files = listed(item);
  const isKnown = item.state !== "untracked" && item.attachments.some(({ state }) => state);
  if (!isKnown || !files.length) return nothing;
  return html`<ul class="outcomes" aria-label=${t("attachments.title", { count: files.length })}>
    ${files.map(
      (file) =>
        html`<li class=${file.state === "untracked" ? "left-out" : file.state}>
          ${icon(file.state === "untracked" ? "attach" : stateSymbol(file.state))}
          <span class="text file">
            <bdi class="name">${file.name}</bdi>
            <span class="caption"><data value=${file.size}>${formatSize(file.size)}</data> · ${outcomeText(file)}</span>
          </span>
        </li>`,
    )}
  </ul>`;
}
