// The user's emails that could not be tracked in the last 90 days.

import { formatFullTime, formatTime } from "../format.js";
import { html, nothing, repeat } from "../html.js";
import { t } from "../messages.js";
import { button, problemLine, skeleton } from "./controls.js";
import { stateText } from "./state.js";

function failure(item, state, actions) {
  const subject = item.subject || t("email.no_subject");
  return html`<li class="entry ${item.state}">
    <div class="entry-body">
      <div class="entry-head">
        <bdi class="entry-people">${item.sender_name || item.from}</bdi>
        <time datetime=${item.at} title=${formatFullTime(item.at)}>${formatTime(item.at)}</time>
      </div>
      <bdi class="subject">${subject}</bdi>
      <span class="status ${item.state}">${stateText(item, state.user)}</span>
      ${item.failure ? html`<span class="caption">${item.failure.action}</span>` : nothing}
      ${
        item.may.includes("retry")
          ? html`<div class="entry-foot">
              <span></span>
              ${button(t("retry"), () => actions.settings.retryFailure(item), {
                name: t("retry.name", { subject }),
              })}
            </div>`
          : nothing
      }
    </div>
  </li>`;
}

/** The list, with *Retry* where it may help. */
export function failuresView(state, actions) {
  const { failures, failuresProblem } = state;
  return html`<section aria-labelledby="view-title" data-home="failures" tabindex="-1">
    <h1 id="view-title" tabindex="-1" data-autofocus>${t("failures.title")}</h1>
    <p class="quiet">${t("failures.hint")}</p>
    ${failuresProblem ? problemLine(failuresProblem, actions.settings.loadFailures) : nothing}
    ${!failures && !failuresProblem ? skeleton(3, t("loading.failures")) : nothing}
    ${failures && !failures.length ? html`<p class="empty">${t("failures.none")}</p>` : nothing}
    <ol class="entries">
      ${repeat(
        failures ?? [],
        ({ id }) => id,
        (item) => failure(item, state, actions),
      )}
    </ol>
  </section>`;
}
