// What a page shows that did not come from a catalogue, and what of the catalogue's words does not fit.

(() => {
  const LETTER = /\p{L}/u;
  const isShown = (element) => element.checkVisibility({ checkOpacity: false, checkVisibilityCSS: true });

  /** What is left of a text without what stands in the pseudo-language's brackets. */
  function outside(text) {
    let before = "";
    while (text !== before) {
      before = text;
      text = text.replace(/⟦[^⟦⟧]*⟧/g, " ");
    }
    return text;
  }

  /** Words of people and records stand in `bdi`, times in `time`, sizes in `data`: these are no words of ours. */
  const isData = (element) => element.closest("bdi, time, data, script, style, noscript");

  const strangers = [];
  const cut = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { parentElement: element, data } = walker.currentNode;
    if (!isShown(element) || isData(element)) continue;
    if (LETTER.test(outside(data))) strangers.push(`${element.outerHTML.slice(0, 120)}: ${data.trim()}`);
    if (!data.includes("⟦")) continue;
    for (let place = element; place && place !== document.body; place = place.parentElement) {
      const style = getComputedStyle(place);
      const isVisuallyHidden = place.matches(".visually-hidden");
      if (isVisuallyHidden) break;
      const hidesWidth = style.overflowX !== "visible" && place.scrollWidth > place.clientWidth + 1;
      const hidesHeight = ["hidden", "clip"].includes(style.overflowY) && place.scrollHeight > place.clientHeight + 1;
      if (hidesWidth || hidesHeight) cut.push(`${place.tagName}.${place.className}: ${data.trim()}`);
    }
  }
  const data = [...document.querySelectorAll("bdi")].map((element) => element.textContent.trim());
  const isOwn = (text) => LETTER.test(data.reduce((left, each) => (each ? left.replaceAll(each, "") : left), text));
  for (const element of document.querySelectorAll("[aria-label], [title], [placeholder], [alt]")) {
    for (const name of ["aria-label", "title", "placeholder", "alt"]) {
      const said = element.getAttribute(name);
      if (said && isShown(element) && !element.closest("time") && isOwn(outside(said))) strangers.push(`${name}: ${said}`);
    }
  }
  return { strangers: [...new Set(strangers)], cut: [...new Set(cut)], wide: document.documentElement.scrollWidth - innerWidth };
})();
