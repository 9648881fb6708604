"""A message taken apart: its headers as they stand there, and its parts as stretches of its own bytes.

Ours, for nothing on PyPI gives an attached mail's own bytes: the standard library writes them anew, loses
all headers behind an odd line and the parts of odd multiparts, and the bindings of faster parsers refuse the
whole mail for one wrong byte of base64. Measurements stand in docs/architecture.md.
"""

import re
from dataclasses import dataclass, field

from insights.mail.parsing.parameters import read_kind, read_parameters, text_of
from insights.mail.parsing.transfer import undo

DEPTH_LIMIT, PARTS_LIMIT = 100, 10_000
JUNK_LIMIT, COLON = 20, ord(":")
"""Lines of a head that are no headers; some gateways write a few."""
MARK_OF_ORDER = b"\xef\xbb\xbf"
UTF16 = (b"\xff\xfe", b"\xfe\xff")
START = re.compile(rb"(?:\xef\xbb\xbf)?(?:[ \t]*[\r\n])*")
HEADER = re.compile(rb"([!-9;-~]+)[ \t]*:[ \t]*([^\n]*(?:\n[ \t][^\n]*)*)\n?")
BLANK = re.compile(rb"\r?\n")
OLD_MAC = re.compile(rb"\A[!-9;-~]+:[^\r\n]*\r(?!\n)[!-9;-~]+:")
LONE_RETURN = re.compile(rb"\r(?!\n)")
GOES_ON = re.compile(
    rb"(?:[^\r\n][^\n]*\n){0,3}?(?:from|to|cc|bcc|subject|date|sender|reply-to|message-id|received|return-path|"
    rb"mime-version|content-[a-z-]+|in-reply-to|references|delivered-to|x-[!-9;-~]+)[ \t]*:",
    re.IGNORECASE,
)
"""Whether one of the next lines is a header of mail, so that the head is not over."""
DELIMITER_END = re.compile(rb"(--)?[ \t]*(?:\r?\n|\Z)")
GUESSED = re.compile(rb"^--(-?[^\s-][^\r\n]{0,99}?)[ \t]*\r?\n(?=content-[a-z-]+[ \t]*:)", re.M | re.I)
FOLDS = re.compile(r"[\r\n]+[ \t]*")
Headers = dict[str, list[str]]


@dataclass(slots=True)
class Part:
    """A message or a part of one; `raw[start:end]` is its body as it travelled."""

    raw: bytes = field(repr=False)
    headers: Headers
    """Raw values by lower-case name, in their order; bytes that are no ASCII are lone surrogates."""
    start: int
    end: int
    content_type: str
    parameters: dict[str, str]
    children: "list[Part]" = field(default_factory=list)
    is_odd: bool = False
    """Whether its head is not as it should be."""
    is_related: bool = False
    """Whether it stands beside a text that may show it."""

    @property
    def is_multipart(self) -> bool:
        """Whether it is meant to hold parts; one of which none is found has no `children`."""
        return self.content_type.startswith("multipart/")

    @property
    def body(self) -> bytes:
        """Its bytes as they travelled."""
        return self.raw[self.start : self.end]

    @property
    def content(self) -> bytes:
        """Its bytes as they were sent."""
        return undo(self.body, self.first("content-transfer-encoding"))

    @property
    def charset(self) -> str:
        """The label of its charset, "" if it has none."""
        return self.parameters.get("charset", "")

    @property
    def disposition(self) -> str:
        """`inline`, `attachment`, "" or another word."""
        return read_kind(self.first("content-disposition"))

    def first(self, name: str) -> str:
        """The first value of a header, "" if there is none."""
        return next(iter(self.headers.get(name, ())), "")

    def file_name(self, charset: str) -> str:
        """The name it was sent under; `charset` is the mail's own, for bytes that say nothing themselves."""
        told = read_parameters(self.first("content-disposition"))
        return text_of(told, "filename", charset) or text_of(self.parameters, "name", charset)


def read_message(raw: bytes) -> Part:
    """A message with all its parts; never raises for what the bytes are."""
    plain = normalise(raw)
    begin = START.match(plain)
    start = begin.end() if begin else 0
    message = _Reader(plain).read(start, len(plain), "text/plain", 0)
    message.is_odd = message.is_odd or start > 0 or plain is not raw
    return message


def normalise(raw: bytes) -> bytes:
    """The same message in bytes that are ASCII where it matters, its lines ended by LF or CRLF."""
    if raw.startswith(UTF16):
        raw = raw.decode("utf-16", "replace").encode()
    if b"\r" in raw and (b"\n" not in raw or OLD_MAC.match(raw)):
        raw = LONE_RETURN.sub(b"\n", raw)
    return raw


def charset_of(message: Part) -> str:
    """The charset that a mail declares for its words, which its raw headers are in as well."""
    waiting = [message]
    while waiting:
        part = waiting.pop()
        if part.charset and not part.is_multipart:
            return part.charset
        waiting.extend(reversed(part.children))
    return ""


class _Reader:
    def __init__(self, raw: bytes) -> None:
        self._raw, self._count = raw, 0

    def read(self, start: int, end: int, default_type: str, depth: int) -> Part:
        headers, body, is_odd = _read_head(self._raw, start, end)
        value = next(iter(headers.get("content-type", ())), "")
        kind = read_kind(value)
        content_type = (kind if kind.count("/") == 1 else "text/plain") if value.strip() else default_type
        part = Part(self._raw, headers, body, end, content_type, read_parameters(FOLDS.sub(" ", value)))
        part.is_odd = is_odd
        self._count += 1
        if part.is_multipart and depth < DEPTH_LIMIT:
            self._split(part, value, depth)
        return part

    def _split(self, part: Part, value: str, depth: int) -> None:
        boundary, delimiters = self._delimiters_of(part, value)
        default = "message/rfc822" if part.content_type == "multipart/digest" else "text/plain"
        is_open = 1
        for number, (_, start, is_close) in enumerate(delimiters):
            if is_close:
                is_open -= 1
                if not is_open:
                    return
                continue
            is_last = number + 1 == len(delimiters) or self._count >= PARTS_LIMIT
            end = part.end if is_last else self._before(delimiters[number + 1][0], start)
            child = self.read(start, end, default, depth + 1)
            child.is_related = part.content_type == "multipart/related"
            if child.is_multipart and child.parameters.get("boundary", "").encode() == boundary:
                is_open += 1  # its parts stand beside it, between the same lines
            if child.children or not child.is_multipart or child.body.strip():
                part.children.append(child)
            if is_last:
                return

    def _delimiters_of(self, part: Part, value: str) -> tuple[bytes, list[tuple[int, int, bool]]]:
        """The boundary that the lines of a body show, and where: it may be folded, or not the one named."""
        told = part.parameters.get("boundary", "")
        unfolded = read_parameters(FOLDS.sub("", value)).get("boundary", "")
        for boundary in dict.fromkeys((told, unfolded, told.strip())):
            raw = boundary.encode("utf-8", "surrogateescape")
            if raw and (found := self._delimiters(raw, part.start, part.end)):
                return raw, found
        guessed = GUESSED.search(self._raw, part.start, part.end)
        return (guessed[1], self._delimiters(guessed[1], part.start, part.end)) if guessed else (b"", [])

    def _delimiters(self, boundary: bytes, start: int, end: int) -> list[tuple[int, int, bool]]:
        """(first byte, what follows, is it the last) of each line that parts are separated by."""
        found: list[tuple[int, int, bool]] = []
        mark, raw = b"--" + boundary, self._raw
        at = raw.find(mark, start, end)
        while at >= 0 and len(found) <= PARTS_LIMIT:
            after = at + len(mark)
            if (at == start or raw[at - 1] == 0x0A) and (tail := DELIMITER_END.match(raw, after, end)):
                found.append((at, tail.end(), bool(tail[1])))
            at = raw.find(mark, after, end)
        return found if any(not is_close for _, _, is_close in found) else []

    def _before(self, at: int, start: int) -> int:
        """Where the bytes end that stand before a delimiter; the line end before it is its own."""
        if at > start and self._raw[at - 1] == 0x0A:
            at -= 1
            if at > start and self._raw[at - 1] == 0x0D:
                at -= 1
        return at


def _read_head(raw: bytes, at: int, end: int) -> tuple[Headers, int, bool]:
    """The headers from here on, where the body begins, and whether lines are odd that were passed."""
    headers: Headers = {}
    last, junk, is_odd = "", 0, False
    while at < end:
        if found := HEADER.match(raw, at, end):
            last = found[1].decode("ascii").lower()
            headers.setdefault(last, []).append(found[2].decode("ascii", "surrogateescape"))
            is_odd = is_odd or raw[found.end(1)] != COLON
            at = found.end()
            continue
        if blank := BLANK.match(raw, at, end):
            return headers, blank.end(), is_odd
        after = raw.find(b"\n", at, end) + 1 or end
        line = raw[at:after]
        if not line.startswith((b"From ", b">From ")):
            junk += 1
            if junk > JUNK_LIMIT or not GOES_ON.match(raw, after, end):
                return headers, at, is_odd
            if headers and headers[last][-1].rstrip()[-1:] in {"", ",", ";"}:  # its line was not indented
                headers[last][-1] += " " + line.decode("ascii", "surrogateescape")
        is_odd = True
        at = after
    return headers, end, is_odd
