// Words on screen come from the server's catalogues, in the page's language; what has no text there is English.

let catalogue = {};
let plurals = new Intl.PluralRules("en");

/** Load the texts in the page's language. */
export async function loadMessages(language = document.documentElement.lang || "en") {
  const response = await fetch(new URL(`./messages/${language}.json`, import.meta.url));
  catalogue = response.ok ? await response.json() : {};
  plurals = new Intl.PluralRules(language);
}

/** The text of `key` with `{name}` replaced by values; a plural text is chosen by `values.count`. */
export function t(key, values = {}) {
  const entry = catalogue[key];
  const text = typeof entry === "object" ? (entry[plurals.select(values.count)] ?? entry.other) : entry;
  return (text ?? key).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** Whether the catalogue knows `key`: for names that come from the server, such as tables. */
export function hasMessage(key) {
  return key in catalogue;
}
