"""Text as Dataverse's default collation compares it: without case, without accents, with wildcards."""

import re
import unicodedata
from functools import lru_cache


@lru_cache(maxsize=65536)
def fold(text: str) -> str:
    """What two texts have in common that compare as equal."""
    parts = unicodedata.normalize("NFD", text)
    return "".join(part for part in parts if not unicodedata.combining(part)).casefold().rstrip(" ")


@lru_cache(maxsize=4096)
def like(pattern: str, *, before: bool, after: bool) -> re.Pattern[str]:
    """A pattern as SQL's LIKE reads it: `%`, `_` and `[set]` are wildcards also inside OData's functions."""
    written = ".*" if before else ""
    at = 0
    folded = fold(pattern) + " " * (len(pattern) - len(pattern.rstrip(" ")))
    while at < len(folded):
        mark = folded[at]
        closing = folded.find("]", at + 2) if mark == "[" else -1
        if mark == "%":
            written += ".*"
        elif mark == "_":
            written += "."
        elif closing > 0:
            written += _character_set(folded[at + 1 : closing])
            at = closing
        else:
            written += re.escape(mark)
        at += 1
    return re.compile(written + (".*" if after else " *"), re.DOTALL)


def _character_set(inside: str) -> str:
    negated = inside.startswith("^") and len(inside) > 1
    members = inside[1:] if negated else inside
    ranges = re.sub(r"[\\\]\[&~|]", lambda found: "\\" + found[0], members).replace("^", r"\^")
    return f"[{'^' if negated else ''}{ranges}]"


def matches(text: str, pattern: str, *, before: bool, after: bool) -> bool:
    """Whether a text matches a pattern that may have more before or after it."""
    return like(pattern, before=before, after=after).fullmatch(fold(text)) is not None
