// Keeps the keyboard's place when the page is drawn again.

/** What carries this value, compared as a value: it may hold an address with any characters. */
function find(attribute, value) {
  const all = value ? document.querySelectorAll(`[${attribute}]`) : [];
  return [...all].find((element) => element.getAttribute(attribute) === value);
}

/**
 * Run `draw`. A control marked `data-autofocus` gets the focus when it first appears; where the focused control
 * has gone, the button that opened its part (`data-part`, `data-opens`) gets it, else its section (`data-home`),
 * else the page's title, so that nobody starts again from the top.
 */
export function keepFocus(draw) {
  const focused = document.activeElement;
  const part = focused?.closest("[data-part]")?.dataset.part;
  const home = focused?.closest("[data-home]")?.dataset.home;
  draw();
  const fresh = document.querySelector("[data-autofocus]:not([data-focused])");
  if (fresh) {
    fresh.dataset.focused = "";
    fresh.focus();
  } else if (focused !== document.body && document.activeElement === document.body) {
    const opener = find("data-opens", part);
    const place = opener ?? find("data-home", home) ?? document.querySelector("h1[tabindex]");
    place?.focus({ preventScroll: !opener });
  }
}
