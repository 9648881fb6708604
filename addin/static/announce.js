// What a screen reader is told without moving the focus.

/** Say `text` in the page's live region; the same text twice is said twice. */
export function announce(text) {
  const region = document.getElementById("announcer");
  region.textContent = "";
  requestAnimationFrame(() => {
    region.textContent = text;
  });
}
