// Who one is in the demo stands in the address, behind `#`: no page keeps anything in the browser, and two
// windows can show two people.

/** The id that the address names, or null. */
export function readPerson() {
  return new URLSearchParams(location.hash.slice(1)).get("person");
}

/** The part of an address that names a person. */
export const asPerson = (id) => `#${new URLSearchParams({ person: id })}`;

/** Name the person in this page's address. */
export function keepPerson(id) {
  history.replaceState(null, "", asPerson(id));
}
