"""Bytes as characters, by the label a mail gives them: labels mean what the web's table says they mean.

Mailers write *iso-8859-1* over Windows-1252, *gb2312* over GBK and *shift_jis* over Microsoft's own; who
takes such a label by its word shows control characters and boxes.
"""

import codecs
import re
from functools import lru_cache

import webencodings

UNLABELLED = frozenset(("", "us-ascii", "ascii", "ansi_x3.4-1968", "utf-8", "utf8", "unicode-1-1-utf-8"))
"""Labels that say nothing, or what is looked for anyway."""
NO_TEXT = frozenset(("undefined", "idna", "punycode", "raw_unicode_escape", "unicode_escape", "mbcs", "oem"))
WIDER = {"gbk": "gb18030", "utf-16-le": "utf-16"}
"""What reads more than the codec of that name, and the rest alike."""
MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
WRONG, LABEL_LIMIT = "\ufffd", 100
JAPANESE, KANJI = frozenset(("iso2022_jp", "euc_jp")), re.compile(rb"\x1b\$[@B]([\x21-\x7e]*)")
META = re.compile(rb"<meta[^>]{0,500}?charset\s*=\s*[\"']?\s*([\w:.-]+)", re.IGNORECASE)
META_LIMIT = 2048


def decode(content: bytes, label: str, otherwise: str = "") -> str:
    """Bytes by their label; without a useful one UTF-8, else by the label `otherwise`, else Windows-1252.

    What is UTF-8 but for some bytes stays UTF-8, and these are U+FFFD.
    """
    label = label.strip(" \t\r\n'\"").lower()
    if not label.isascii() or len(label) > LABEL_LIMIT:
        label = ""
    if label not in UNLABELLED and (codec := codec_of(label)):
        return _decoded(content, codec)
    try:
        return content.decode()
    except UnicodeDecodeError:
        pass
    if is_mostly_utf8(content):
        return content.decode("utf-8", "replace")
    if otherwise and otherwise != label:
        return decode(content, otherwise)
    return content.decode("cp1252", "replace")


@lru_cache(maxsize=256)
def codec_of(label: str) -> str:
    """Python's name of the codec that a label stands for, "" for one that stands for none of text."""
    found = webencodings.lookup(label)
    if found is not None and found.name != "replacement":
        name = str(found.codec_info.name)
        return WIDER.get(name, name)
    try:
        known = codecs.lookup(label)
    except (LookupError, ValueError, UnicodeError):
        return ""
    is_text = getattr(known, "_is_text_encoding", True) and known.name not in NO_TEXT
    return known.name if is_text else ""


def is_mostly_utf8(content: bytes) -> bool:
    """Whether more of what is no ASCII is well-formed UTF-8 than is not."""
    text = content.decode("utf-8", "replace")
    wide = len(text) - len(text.encode("ascii", "ignore"))
    return wide > 2 * text.count(WRONG)


def label_in_html(content: bytes) -> str:
    """The charset that HTML itself names, "" if none."""
    found = META.search(content[:META_LIMIT])
    label = found[1].decode("ascii", "replace") if found else ""
    return "" if label.lower().startswith("utf-16") else label  # it could not have been read


def _decoded(content: bytes, codec: str) -> str:
    for mark, marked in MARKS:
        if content.startswith(mark) and (codec.startswith("utf") or marked == "utf-8"):
            text = content.decode(marked, "replace")
            return text.removeprefix("\ufeff")
    if codec in JAPANESE:
        return _japanese(content, codec)
    try:
        return content.decode(codec, "replace")
    except (LookupError, UnicodeError, ValueError):  # a codec that cannot replace
        return content.decode("cp1252", "replace")


def _japanese(content: bytes, codec: str) -> str:
    """Python's codecs lack the row of signs (circled numbers and the like) that mailers of Windows use."""
    if codec == "euc_jp":
        return _kanji(content)
    pieces, last = [], 0
    for found in KANJI.finditer(content):
        pieces.append(content[last : found.start()].decode("iso2022_jp_ext", "replace"))
        pieces.append(_kanji(bytes(each | 0x80 for each in found[1])))
        last = found.end()
    return "".join([*pieces, content[last:].decode("iso2022_jp_ext", "replace")])


def _kanji(content: bytes) -> str:
    """EUC by the table of old, and where that has nothing for it by the newer one, which has the row."""
    text = content.decode("euc_jp", "replace")
    return content.decode("euc_jis_2004", "replace") if WRONG in text else text
