// The symbols, fetched once and kept in the page, so that they are there while the server is away.

/** Put the symbols of icons.svg into the page; `icon` refers to them by id. Without them the words remain. */
export async function loadSprite() {
  try {
    const response = await fetch(new URL("./icons.svg", import.meta.url));
    if (!response.ok) throw new Error(`status ${response.status}`);
    const sprite = new DOMParser().parseFromString(await response.text(), "image/svg+xml").documentElement;
    sprite.classList.add("sprite");
    sprite.setAttribute("aria-hidden", "true");
    document.body.append(sprite);
  } catch (error) {
    console.info("the symbols did not load", error.message);
  }
}
