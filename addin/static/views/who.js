// Who this is: the people of the open email whom the CRM knows, and those it does not.

import { tableName } from "../format.js";
import { html, nothing } from "../html.js";
import { t } from "../messages.js";
import { avatar, button, icon, skeleton } from "./controls.js";
import { personForm } from "./person-form.js";
import { isWithoutMatch } from "./regarding.js";

const SHOWN_AT_FIRST = 3;
const PERSONS = ["contact", "lead"];

/** One entry per address: the person if the CRM has one, else the company the address belongs to. */
function groupByAddress(matched) {
  const people = new Map();
  for (const match of matched) {
    const known = people.get(match.address);
    const isNearer = PERSONS.includes(match.record.table) && !PERSONS.includes(known?.record.table);
    if (!known || isNearer) people.set(match.address, match);
  }
  return [...people.values()];
}

function knownPerson({ record, address }, actions) {
  return html`<li class="person">
    ${avatar(record.name)}
    <div class="text">
      <button class="name link" @click=${() => actions.timeline.openRecord(record)}><bdi>${record.name}</bdi></button>
      <span class="caption">${tableName(record.table)} · <bdi>${address}</bdi></span>
    </div>
  </li>`;
}

/** An unknown person; `isFirstStep` where adding somebody comes before tracking, as nothing else matches. */
function unknownPerson(address, state, actions, isFirstStep) {
  const isOpen = state.personForm?.address === address;
  const name = state.item?.senderName(address);
  return html`<li class="person unknown">
    <span class="symbol" aria-hidden="true">${icon("contact")}</span>
    <div class="text">
      <bdi class="name" title=${address}>${name || address}</bdi>
      <span class="caption">${t("who.unknown")}${name ? html` · <bdi>${address}</bdi>` : nothing}</span>
    </div>
    ${
      isOpen
        ? nothing
        : button(t("who.add"), () => actions.people.openPersonForm(address), {
            symbol: "person-add",
            appearance: isFirstStep ? "primary" : "secondary",
            name: t("who.add_name", { address }),
            opens: `person:${address}`,
          })
    }
    ${isOpen ? personForm(state.personForm, actions) : nothing}
  </li>`;
}

function list(rows) {
  if (rows.length <= SHOWN_AT_FIRST + 1)
    return html`<ul class="people">
      ${rows}
    </ul>`;
  const rest = rows.slice(SHOWN_AT_FIRST);
  return html`<ul class="people">
      ${rows.slice(0, SHOWN_AT_FIRST)}
    </ul>
    <details class="more">
      <summary>${icon("chevron", "turn")}${t("who.more", { count: rest.length })}</summary>
      <ul class="people">
        ${rest}
      </ul>
    </details>`;
}

/** The section about the people of the open email. */
export function whoSection(state, actions) {
  const { email } = state;
  const people = email ?? state.who;
  if (!people) return state.isEmailLoading ? skeleton(1, t("loading.email")) : nothing;
  const mayTrack = email?.item.state === "untracked" && email.item.may.includes("track");
  const rows = [
    ...groupByAddress(people.matched).map((match) => knownPerson(match, actions)),
    ...people.unknown.map((address, at) =>
      unknownPerson(address, state, actions, at === 0 && mayTrack && isWithoutMatch(state)),
    ),
  ];
  return html`<section aria-labelledby="who-title" data-home="who" tabindex="-1">
    <h2 id="who-title" class="visually-hidden">${t("who.title")}</h2>
    ${rows.length ? list(rows) : html`<p class="quiet">${t("who.nobody")}</p>`}
  </section>`;
}
