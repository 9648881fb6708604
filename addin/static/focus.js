// Keeps the keyboard's place when the page is drawn again.

/**
 * Run `draw`. A control marked `data-autofocus` gets the focus when it first appears; where the focused
 * control has gone, its section (`data-home`) gets it, so that nobody starts again from the top.
 */
export function keepFocus(draw) {
  const home = document.activeElement?.closest?.("[data-home]")?.dataset.home;
  draw();
  const fresh = document.querySelector("[data-autofocus]:not([data-focused])");
  if (fresh) {
    fresh.dataset.focused = "";
    fresh.focus();
  } else if (home && document.activeElement === document.body) {
    document.querySelector(`[data-home="${home}"]`)?.focus({ preventScroll: true });
  }
}
