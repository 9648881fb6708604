"""The icons have the sizes that Teams and Outlook ask for, and are what their drawings give."""

import struct
import zlib
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from lxml import etree

from manifests.drawing import draw_icons
from manifests.facts import ICON_SIZES, SERVED_ICONS

RGBA = 6


def size(png: bytes) -> tuple[int, int]:
    """Width and height in pixels."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def pixels(png: bytes) -> list[tuple[int, ...]]:
    """(red, green, blue, alpha) of every pixel of a PNG without interlacing."""
    width, height, depth, kind = struct.unpack(">IIBB", png[16:26])
    assert (depth, kind) == (8, RGBA)
    position, packed = 8, b""
    while position < len(png):
        (length,) = struct.unpack(">I", png[position : position + 4])
        if png[position + 4 : position + 8] == b"IDAT":
            packed += png[position + 8 : position + 8 + length]
        position += length + 12
    raw, above, found = zlib.decompress(packed), bytes(width * 4), []
    for row in range(height):
        start = row * (width * 4 + 1)
        above = unfilter(raw[start], raw[start + 1 : start + 1 + width * 4], above)
        found += [tuple(above[at : at + 4]) for at in range(0, width * 4, 4)]
    return found


def unfilter(method: int, line: bytes, above: bytes) -> bytes:
    """A line as it was before the PNG encoder replaced bytes by differences."""
    out = bytearray()
    for at, byte in enumerate(line):
        left = out[at - 4] if at >= 4 else 0
        corner = above[at - 4] if at >= 4 else 0
        guess = left + above[at] - corner
        nearest = min((left, above[at], corner), key=lambda value: abs(guess - value))
        out.append((byte + (0, left, above[at], (left + above[at]) // 2, nearest)[method]) % 256)
    return bytes(out)


def test_the_committed_files_are_what_the_drawings_give() -> None:
    drawn = draw_icons()
    assert {path.name for path in SERVED_ICONS.iterdir()} == {f"{pixels}.png" for pixels in ICON_SIZES}
    assert [path.name for path, png in drawn.items() if path.read_bytes() != png] == []


def test_teams_gets_both_of_its_icons(package: ZipFile, unified: Any) -> None:
    icons = {name: package.read(file) for name, file in unified["icons"].items()}
    assert {name: size(png) for name, png in icons.items()} == {"color": (192, 192), "outline": (32, 32)}
    outline = pixels(icons["outline"])
    assert {colour[:3] for colour in outline if colour[3]} == {(255, 255, 255)}, "white"
    assert {colour[3] for colour in outline} >= {0, 255}, "on nothing"
    assert {colour[3] for colour in pixels(icons["color"])} == {255}, "Teams rounds a full square"


def test_each_served_icon_has_the_size_of_its_name(xml: etree._Element, unified: Any) -> None:
    for pixels_wide in ICON_SIZES:
        assert size((SERVED_ICONS / f"{pixels_wide}.png").read_bytes()) == (pixels_wide, pixels_wide)
    values = [str(value) for element in xml.iter() for value in element.attrib.values()]
    named = {Path(value).name for value in values if value.endswith(".png")}
    assert named == {f"{pixels_wide}.png" for pixels_wide in ICON_SIZES}
    (button,) = unified["extensions"][0]["ribbons"][0]["tabs"][0]["groups"][0]["controls"]
    assert {(icon["size"], Path(icon["url"]).name) for icon in button["icons"]} == {
        (16, "16.png"),
        (32, "32.png"),
        (80, "80.png"),
    }
