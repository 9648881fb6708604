// The few controls that all views share, made of Fluent's elements.

import { html, nothing } from "../html.js";
import { t } from "../messages.js";

/** A symbol of icons.svg, which sprite.js puts into the page; decoration, so the words beside it must say the same. */
export function icon(name, className = "") {
  return html`<svg class="icon ${className}" aria-hidden="true">
    <use href="#icon-${name}"></use>
  </svg>`;
}

const AVATAR_COLOURS = ["cornflower", "teal", "plum", "pumpkin", "forest", "navy"];

/** Initials in a circle, the same colour for the same name; decoration beside the name itself. */
export function avatar(name, size = 32) {
  const sum = [...name].reduce((total, letter) => total + letter.codePointAt(0), 0);
  const colour = AVATAR_COLOURS[sum % AVATAR_COLOURS.length];
  return html`<fluent-avatar size=${size} color=${colour} name=${name} aria-hidden="true"></fluent-avatar>`;
}

/**
 * A button with words; `appearance` and `size` are Fluent's. `opens` names the `data-part` that it opens, which
 * gives the focus back when it closes; `takesFocus` when it appears; disabled, it keeps the focus.
 */
export function button(label, onClick, options = {}) {
  const {
    appearance = "secondary",
    size = "small",
    symbol,
    className = "",
    describedBy,
    expanded,
    name,
    opens,
    takesFocus = false,
    isDisabled = false,
  } = options;
  return html`<fluent-button
    role="button"
    tabindex="0"
    class=${className}
    appearance=${appearance}
    size=${size}
    aria-label=${name ?? nothing}
    aria-describedby=${describedBy ?? nothing}
    aria-expanded=${expanded ?? nothing}
    data-opens=${opens ?? nothing}
    ?data-autofocus=${takesFocus}
    ?disabled-focusable=${isDisabled}
    @click=${onClick}
    >${symbol ? icon(symbol, "lead") : nothing}${label}</fluent-button
  >`;
}

/** A button that shows only a symbol; `label` is its name and tooltip. */
export function iconButton(label, symbol, onClick, options = {}) {
  return html`<fluent-button
    role="button"
    tabindex="0"
    class="icon-button ${options.className ?? ""}"
    appearance="subtle"
    icon-only
    aria-label=${label}
    title=${label}
    aria-pressed=${options.pressed ?? nothing}
    data-opens=${options.opens ?? nothing}
    @click=${onClick}
    >${icon(symbol)}${options.mark ?? nothing}</fluent-button
  >`;
}

/** A persistent line: what is the matter, what to do, and a button that does it. */
export function line(intent, { title, detail = "", action = nothing, link = nothing }) {
  const symbol = { error: "failed", warning: "failed", success: "done" }[intent] ?? "info";
  return html`<fluent-message-bar
    intent=${intent}
    layout=${action === nothing ? "singleline" : "multiline"}
    class="line ${intent}"
    role=${intent === "error" ? "alert" : "status"}
  >
    <span slot="icon">${icon(symbol)}</span>
    <strong>${title}</strong>
    ${detail && detail !== title ? html`<span class="detail">${detail}</span>` : nothing} ${link}
    ${action === nothing ? nothing : html`<span slot="actions">${action}</span>`}
  </fluent-message-bar>`;
}

/** The line of a Problem; a refusal is no fault, so it is told plainly and without *Try again*. */
export function problemLine(problem, again) {
  const isRefusal = problem.status === 403;
  return line(isRefusal ? "info" : "error", {
    title: problem.title,
    detail: problem.detail,
    action: again && !isRefusal ? button(t("try_again"), again) : nothing,
  });
}

/** Grey bars in the shape of what is to come. */
export function skeleton(rows, label) {
  return html`<div class="skeleton" role="status" aria-label=${label}>
    ${Array.from({ length: rows }, () => html`<div class="bone-row"><i></i><b></b><b></b></div>`)}
  </div>`;
}
