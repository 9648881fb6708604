"""Draws every icon that the manifests name; `python -m manifests.drawing` writes them into the repository.

Needs the development packages. A test draws them again and compares.
"""

from pathlib import Path

from manifests.facts import COLOR_ICON, ICON_SIZES, ICONS, OUTLINE_ICON, SERVED_ICONS

LARGEST_SMALL = 32
"""Pixels up to which the lines of the large drawing would blur."""


def draw_icons() -> dict[Path, bytes]:
    """PNG bytes by the file they belong in."""
    large, small = SERVED_ICONS.parent / "icon.svg", ICONS / "small.svg"
    drawn = {
        SERVED_ICONS / f"{size}.png": _draw(small if size <= LARGEST_SMALL else large, size)
        for size in ICON_SIZES
    }
    drawn[ICONS / COLOR_ICON] = _draw(ICONS / "color.svg", 192)
    drawn[ICONS / OUTLINE_ICON] = _draw(ICONS / "outline.svg", 32)
    return drawn


def _draw(svg: Path, pixels: int) -> bytes:
    import resvg_py

    return bytes(resvg_py.svg_to_bytes(svg_path=str(svg), width=pixels, height=pixels))


if __name__ == "__main__":
    for path, png in draw_icons().items():
        path.write_bytes(png)
