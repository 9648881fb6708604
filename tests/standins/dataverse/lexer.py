"""The words of OData's `$filter` language."""

import re
from dataclasses import dataclass

PARTS = (
    ("date_time", r"\d{4,5}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,12})?)?(?:Z|[+-]\d{2}:\d{2})?"),
    ("guid", r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}"),
    ("date", r"-?\d{4,5}-\d{2}-\d{2}"),
    ("time", r"\d{2}:\d{2}(?::\d{2}(?:\.\d{1,12})?)?"),
    ("number", r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"),
    ("typed", r"[A-Za-z_]\w*(?:\.\w+)*'(?:[^']|'')*'"),
    ("string", r"'(?:[^']|'')*'"),
    ("json_string", r'"(?:[^"\\]|\\.)*"'),
    ("name", r"[@$]?[A-Za-z_][\w]*(?:\.[A-Za-z_]\w*)*(?:\#\w+)?"),
    ("space", r"[ \t]+"),
    ("mark", r"[()\[\]{},/:=;-]"),
)
WORDS = re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in PARTS))
GLUED = re.compile(r"[\w']")


class BadSyntax(Exception):
    """The text is no filter; says where."""

    def __init__(self, position: int, text: str) -> None:
        super().__init__(f"Syntax error at position {position} in '{text}'.")


@dataclass(frozen=True)
class Word:
    """A piece of the text and where it starts; `glued` if no space stands before it."""

    kind: str
    text: str
    position: int
    glued: bool


def split_words(text: str) -> list[Word]:
    """The words of a filter, without the spaces between them, and an empty last one."""
    words: list[Word] = []
    position, glued = 0, True
    while position < len(text):
        found = WORDS.match(text, position)
        if found is None:
            raise BadSyntax(position, text)
        kind = str(found.lastgroup)
        if kind == "space":
            glued = False
        else:
            words.append(Word(kind, found[0], position, glued))
            glued = True
        position = found.end()
    words.append(Word("end", "", position, glued))
    return words
