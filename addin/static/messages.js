// Words on screen come from messages/{language}.json; a language is added by adding a file.

let catalogue = {};
let plurals = new Intl.PluralRules("en");

async function readCatalogue(language) {
  const response = await fetch(new URL(`./messages/${language}.json`, import.meta.url));
  return response.ok ? response.json() : {};
}

/** Load the page language's catalogue over English, so that a text not translated yet is English. */
export async function loadMessages(language = document.documentElement.lang || "en") {
  const wanted = language.split("-")[0];
  const [english, own] = await Promise.all([
    readCatalogue("en"),
    wanted === "en" ? {} : readCatalogue(wanted),
  ]);
  catalogue = { ...english, ...own };
  plurals = new Intl.PluralRules(own && Object.keys(own).length ? language : "en");
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
