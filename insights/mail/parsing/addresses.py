"""The mailboxes of an address header (RFC 5322 §3.4), read in one pass and forgiving.

Ours, because the standard library's header parser takes seconds for some real headers, and its
`getaddresses` answers nothing at all where one of many addresses is malformed.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from insights.mail.addresses import LEGACY, smtp_address
from insights.mail.parsing.parsed import ADDRESS_LIMIT, NAME_LIMIT
from insights.mail.parsing.words import decode_words, storable

# An encoded word may hold commas where it should not; an unclosed quote is an ordinary character.
PIECE = re.compile(
    r"""=\?[^?\s]+\?[bBqQ]\?[^?]*\?=   # encoded word
      | "(?:[^"\\]|\\.)*"              # quoted string
      | \\.                            # escaped character
      | [<>(),;:"]
      | [^<>(),;:"\\=]+ | =            # anything else; "=" alone, so that an encoded word is seen
      | \\
    """,
    re.VERBOSE | re.DOTALL,
)
SEPARATORS = frozenset(",;:")
ESCAPED = re.compile(r"\\(.)", re.DOTALL)
PLAIN_LOCAL = re.compile(r'^"([^\s\x00-\x1f"\\@,;:<>()\[\]]+)"@')
AROUND_AT = re.compile(r"\s*@\s*")
SHAPE = re.compile(r'[\s@<>()",:;\\]')
NO_ADDRESS = re.compile(r"[<>;:,]|^@|@$")


@dataclass(slots=True)
class _Mailbox:
    """What has been read since the last separator."""

    words: list[str] = field(default_factory=list)
    angle: list[str] | None = None
    comment: list[str] = field(default_factory=list)
    is_in_angle: bool = False

    def take(self, piece: str) -> None:
        """One more piece that is neither comment nor separator."""
        if piece == "<":  # in another one too: the inner is the address
            self.angle, self.is_in_angle = [], True
        elif piece == ">" and self.is_in_angle:
            self.is_in_angle = False
        elif self.is_in_angle and self.angle is not None:
            self.angle.append(piece)
        elif self.angle is None:
            self.words.append(piece)

    def finish(self) -> tuple[str, str] | None:
        """(display name, address), the address "" where only somebody's name stands; None if nothing does."""
        words = "".join(self.words)
        address = _bare_address(words) if self.angle is None else "".join(self.angle).strip()
        address = PLAIN_LOCAL.sub(r"\1@", _decoded(_without_route(address)))
        if not address.startswith('"'):
            address = "".join(address.split())
            if NO_ADDRESS.search(address):
                return None
        if not address or len(address) > ADDRESS_LIMIT:
            return None
        name = _display_name((words if self.angle is not None else "") or "".join(self.comment))
        if not smtp_address(address):
            name = name or ("" if LEGACY.match(address) else storable(address)[:NAME_LIMIT])
            return (name, "") if name else None
        return name, storable(address)


def read_addresses(value: str) -> list[tuple[str, str]]:
    """(display name, address) of each mailbox in an unfolded header value; groups give their members."""
    return [found for mailbox in _mailboxes(value) if (found := mailbox.finish())]


def _mailboxes(value: str) -> Iterator[_Mailbox]:
    current, depth = _Mailbox(), 0
    for piece in _pieces(value):
        if depth or piece == "(":
            depth += {"(": 1, ")": -1}.get(piece, 0)
            current.comment += [piece] if piece not in {"(", ")"} else []
        elif piece in SEPARATORS and not current.is_in_angle:
            if piece != ":":  # what stands before a colon names a group
                yield current
            current = _Mailbox()
        else:
            current.take(piece)
    yield current


def _pieces(value: str) -> list[str]:
    """The value in pieces; what opens and is never closed does not swallow the rest."""
    pieces = PIECE.findall(value)
    if pieces.count('"'):
        pieces = PIECE.findall(value.replace('"', ""))
    if pieces.count("(") > pieces.count(")"):
        pieces = [piece for piece in pieces if piece != "("]
    if pieces.count("<") > pieces.count(">"):
        pieces = _closed(pieces)
    return pieces


def _closed(pieces: list[str]) -> list[str]:
    """The pieces with a ">" before each separator that an unclosed "<" would take in."""
    closed, is_open = [], False
    for piece in pieces:
        if is_open and piece in {",", ";"}:
            closed.append(">")
        is_open = piece == "<" or (is_open and piece not in {">", ",", ";"})
        closed.append(piece)
    return closed


def _bare_address(text: str) -> str:
    text = AROUND_AT.sub("@", text.strip())
    if text.startswith("[") and text.endswith("]"):
        text = text[1:-1].strip()
    if not any(character.isspace() for character in text) or text.startswith('"'):
        return text
    words = text.split()
    return next((word for word in reversed(words) if "@" in word), words[-1])


def _without_route(address: str) -> str:
    """`@relay.example:ana@contoso.example` is an old way to write the address after the colon."""
    if address.startswith("@") and ":" in address:
        return address.rpartition(":")[2].strip()
    return address.removeprefix("mailto:")


def _decoded(address: str) -> str:
    """The address with encoded words in it, not allowed but written by some, unless they change its shape."""
    if "=?" not in address:
        return address
    local, at, domain = address.rpartition("@")
    parts = decode_words(local), decode_words(domain)
    return address if any(map(SHAPE.search, parts)) else f"{parts[0]}{at}{parts[1]}"


def _display_name(name: str) -> str:
    name = " ".join(name[: 10 * NAME_LIMIT].split())
    if '"' in name:
        name = ESCAPED.sub(r"\1", name.replace('\\"', "\0")).replace('"', "").replace("\0", '"')
    return decode_words(name).strip().strip("'")[:NAME_LIMIT]
