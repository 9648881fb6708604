"""Headers of a kind and parameters (RFC 2045, 2231): `attachment; filename*=utf-8''Gr%C3%BC%C3%9Fe`."""

import re
from collections.abc import Mapping
from urllib.parse import unquote_to_bytes

from insights.mail.parsing.charsets import decode
from insights.mail.parsing.words import decode_words, unfold

STRUCTURE_LIMIT, PARAMETERS_LIMIT = 4096, 64
"""Characters and parameters of a header that are looked at: more can only be meant to hurt."""
KIND = re.compile(r"\s*(?:\([^()]*\)\s*)*\"?([^\s;()\"]+)(?:\s*/\s*([^\s;()\"]+))?")
PARAMETER = re.compile(r';\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|"?([^;]*))', re.DOTALL)
ESCAPED = re.compile(r'\\(["\\])')
COMMENT = re.compile(r"\s*\([^()]*\)\s*$")
NAMES = frozenset(("filename", "name"))


def read_kind(value: str) -> str:
    """What stands before the parameters, in lower case; "" if nothing does."""
    found = KIND.match(value[:STRUCTURE_LIMIT])
    if not found:
        return ""
    return f"{found[1]}/{found[2]}".lower() if found[2] else found[1].lower()


def read_parameters(value: str) -> dict[str, str]:
    """The parameters of an unfolded value by their lower-case names, the first of each; raw bytes stay."""
    found: dict[str, str] = {}
    for number, parameter in enumerate(PARAMETER.finditer(value[:STRUCTURE_LIMIT])):
        if number == PARAMETERS_LIMIT:
            break
        name, quoted, bare = parameter[1].lower(), parameter[2], parameter[3]
        if quoted is not None:
            text = ESCAPED.sub(r"\1", quoted)
        else:
            text = bare.strip()
            if name not in NAMES:  # a name may have a number in brackets
                text = COMMENT.sub("", text)
        found.setdefault(name, text)
    return found


def text_of(parameters: Mapping[str, str], name: str, charset: str) -> str:
    """A parameter as characters: RFC 2231's way of writing it before the one that all mailers read."""
    extended = parameters.get(f"{name}*")
    if extended is not None:
        return _extended([(extended, True)], charset)
    pieces = []
    for number in range(PARAMETERS_LIMIT):
        plain, encoded = f"{name}*{number}", f"{name}*{number}*"
        if encoded in parameters:
            pieces.append((parameters[encoded], True))
        elif plain in parameters:
            pieces.append((parameters[plain], False))
        else:
            break
    if pieces:
        return _extended(pieces, charset)
    return decode_words(unfold(parameters.get(name, ""), charset))


def _extended(pieces: list[tuple[str, bool]], charset: str) -> str:
    """Pieces of which some are percent-encoded; the first of these names the charset before all."""
    label, content = "", b""
    first, is_first_encoded = pieces[0]
    if is_first_encoded and first.count("'") >= 2:
        label, _, first = first.split("'", 2)
    for piece, is_encoded in [(first, is_first_encoded), *pieces[1:]]:
        raw = piece.encode("utf-8", "surrogateescape")
        content += unquote_to_bytes(raw) if is_encoded else raw
    text = decode(content, label, charset)
    return text if any(is_encoded for _, is_encoded in pieces) else decode_words(text)
