"""A language that nobody speaks: English in brackets, a third longer, written from right to left.

A page or card in it shows at a glance what did not come from a catalogue and what does not fit. Its tag is
the one that CLDR and browsers use for it.
"""

import re
from collections.abc import Mapping
from textwrap import wrap

LANGUAGE = "ar-XB"
OPEN, CLOSE = "⟦", "⟧"
FILLER, LONGEST_WORD = "~", 8
_NAMES = re.compile(r"(\{\w+\})")


def disguise(entry: str | Mapping[str, str]) -> str | dict[str, str]:
    """A text, or each of its forms, in that language; names to be filled in stay as they are."""
    if isinstance(entry, str):
        return "\n".join(map(_disguised, entry.split("\n")))
    return {category: str(disguise(form)) for category, form in entry.items()}


def _disguised(line: str) -> str:
    length = max(1, len(_NAMES.sub("", line)) // 3)
    # Breaks where a language of long words would; a short text becomes one longer word.
    words = wrap(FILLER * length, LONGEST_WORD)
    return f"{OPEN}{line}{' ' * (length > LONGEST_WORD)}{' '.join(words)}{CLOSE}"
