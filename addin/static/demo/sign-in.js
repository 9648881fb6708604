// Who one is in the demo where no mailbox is open: asked once, then shown in a bar above the page.

import { html, render } from "../html.js";
import { t } from "../messages.js";
import { avatar } from "../views/controls.js";
import { openMailbox, readPeople } from "./mailbox.js";
import { asPerson, keepPerson, readPerson } from "./person.js";

const page = document.getElementById("tab");

/** The styles of this file's own parts; the page itself knows nothing of them. */
function loadStyles() {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = "/static/demo/teams.css";
  return new Promise((resolve) => {
    link.addEventListener("load", resolve, { once: true });
    link.addEventListener("error", resolve, { once: true }); // plain, but it works
    document.head.append(link);
  });
}

function part(className) {
  const element = document.querySelector(`.${className}`) ?? document.createElement("div");
  element.className = className;
  page.before(element);
  return element;
}

function switchPerson(event) {
  keepPerson(event.target.value);
  location.reload();
}

function barView(people, person) {
  return html`<section class="demo-strip" aria-label=${t("demo.title")}>
    <a href="/demo${asPerson(person.id)}">${t("demo.to_mail")}</a>
    <label class="person-switch">
      <span>${t("demo.signed_in_as")}</span>
      <select @change=${switchPerson}>
        ${people.map(({ id, name }) => html`<option value=${id} ?selected=${id === person.id}>${name}</option>`)}
      </select>
    </label>
  </section>`;
}

function choiceView(people, choose) {
  return html`<main class="demo-choice">
    <img src="/static/icon.svg" alt="" width="40" height="40" />
    <h1>${t("demo.who")}</h1>
    <p class="quiet">${t("demo.who.hint")}</p>
    <ul>
      ${people.map(
        (person) =>
          html`<li>
            <button class="result" @click=${() => choose(person)}>
              ${avatar(person.name)}
              <span class="text"
                ><span class="name">${person.name}</span><span class="caption">${person.email}</span></span
              >
            </button>
          </li>`,
      )}
    </ul>
  </main>`;
}

/** Have somebody chosen, in place of the page. */
function ask(people) {
  return new Promise((resolve) => {
    const place = part("demo-question");
    page.hidden = true;
    render(
      choiceView(people, (person) => {
        keepPerson(person.id);
        place.remove();
        page.hidden = false;
        page.querySelector("h1")?.focus();
        resolve(person);
      }),
      place,
    );
  });
}

/** The one whom the address names, else the one chosen now: {token()}, each time a new one. */
export async function signIn() {
  if (readPerson()) part("demo-person"); // its room, so that nothing moves when it is filled
  const [people] = await Promise.all([readPeople(), loadStyles()]);
  const known = people.find(({ id }) => id === readPerson());
  const person = known ?? (await ask(people));
  render(barView(people, person), part("demo-person"));
  addEventListener("popstate", () => readPerson() !== person.id && location.reload());
  return openMailbox(person);
}
