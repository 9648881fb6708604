"""`$search` on messages: Keyword Query Language over an index that matches more than was meant."""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from tests.standins.graph.bodies import html_to_text
from tests.standins.graph.errors import bad_request
from tests.standins.graph.index import RECIPIENTS, Index, has_words, people, words_of
from tests.standins.graph.message import StoredMessage
from tests.standins.graph.times import read_time, to_text

TOKEN = re.compile(
    r"""\s*(?:
        (?P<bracket>[()])
      | (?P<property>[A-Za-z]+)\s*(?P<operator>:|>=|<=|<>|=|>|<)\s*(?P<value>"[^"]*"|[^\s()"]+)
      | (?P<word>"[^"]*"|[^\s()"]+)
    )""",
    re.VERBOSE,
)
TIMES = {"received": "receivedDateTime", "sent": "sentDateTime"}
RESULTS = 1000
COMPARISONS: dict[str, Callable[[str, str], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "<>": operator.ne,
    "=": operator.eq,
    ":": operator.eq,
}

Search = Callable[[Index], set[StoredMessage]]


@dataclass(slots=True)
class _Reader:
    """Recursive descent over the tokens: OR of ANDs of NOTs; what stands side by side is an AND."""

    text: str
    tokens: list[re.Match[str]]
    at: int = 0

    def read_any(self) -> Search:
        tests = [self.read_all()]
        while self._take("OR"):
            tests.append(self.read_all())
        return lambda index: set().union(*(test(index) for test in tests))

    def read_all(self) -> Search:
        tests = [self.read_one()]
        while self._take("AND") or (self._peek() not in {"", ")", "OR"}):
            tests.append(self.read_one())
        return lambda index: set.intersection(*(test(index) for test in tests))

    def read_one(self) -> Search:
        if self._take("NOT"):
            inner = self.read_one()
            return lambda index: set(index.messages) - inner(index)
        if self._take("("):
            inner = self.read_any()
            if not self._take(")"):
                raise syntax_error(self.text)
            return inner
        if self._peek() in {"", ")", "OR", "AND"}:
            raise syntax_error(self.text)
        token = self.tokens[self.at]
        self.at += 1
        return _restriction(token, self.text)

    def _peek(self) -> str:
        if self.at >= len(self.tokens):
            return ""
        token = self.tokens[self.at]
        return token["bracket"] or (token["word"] or "term")

    def _take(self, expected: str) -> bool:
        if self._peek() != expected:
            return False
        self.at += 1
        return True


def read_search(text: str) -> Search:
    """The search that a `$search` value asks for, quotes around it included; raises the service's 400."""
    query = text.strip()
    if len(query) >= 2 and query[0] == query[-1] == '"':
        query = query[1:-1].replace('\\"', '"')
    elif not re.fullmatch(r"[\w.\-@]+", query):
        raise syntax_error(text)
    tokens, at = [], 0
    while query[at:].strip():
        token = TOKEN.match(query, at)
        if token is None:
            raise syntax_error(text)
        tokens.append(token)
        at = token.end()
    reader = _Reader(text, tokens)
    test = reader.read_any()
    if reader.at != len(tokens):
        raise syntax_error(text)
    return test


def syntax_error(text: str) -> Exception:
    """A `$search` that is no KQL, or not in quotes."""
    place = next(
        (at for at, character in enumerate(text) if not (character.isalnum() or character in '"-_.')), 0
    )
    return bad_request(
        f"Syntax error: character '{text[place : place + 1]}' is not valid at position {place} in '{text}'."
    )


def _restriction(token: re.Match[str], text: str) -> Search:
    if token["word"]:
        return _text_test(_default_text, words_of(token["word"]))
    name, value = token["property"].lower(), token["value"].strip('"')
    if name in TIMES:
        return _time_test(TIMES[name], token["operator"], value, text)
    words = words_of(value)
    if name in {"participants", "recipients", "from", *RECIPIENTS}:
        return lambda index: index.with_person(name, words)
    if name in {"subject", "body", "attachment", "importance", "kind"}:
        return _text_test(lambda message: _property_text(name, message), words)
    if name in {"hasattachment", "hasattachments"}:
        wanted = value.lower() in {"true", "yes"}
        return lambda index: {each for each in index.messages if each.values["hasAttachments"] == wanted}
    raise syntax_error(text)


def _time_test(name: str, sign: str, value: str, text: str) -> Search:
    """Days compare as days in UTC, times as times; Graph writes both so that they sort as text."""
    wanted = _read_when(value, text)
    length = len(wanted)
    compare = COMPARISONS[sign]
    return lambda index: {
        message for message in index.messages if compare(str(message.values[name])[:length], wanted)
    }


def _read_when(value: str, text: str) -> str:
    try:
        if "T" in value:
            return to_text(read_time(value))
        if "/" in value:
            return datetime.strptime(value, "%m/%d/%Y").replace(tzinfo=UTC).date().isoformat()
        return date.fromisoformat(value).isoformat()
    except ValueError as error:
        raise syntax_error(text) from error


def _text_test(read: Callable[[StoredMessage], str], words: list[str]) -> Search:
    return lambda index: {message for message in index.messages if has_words(words, words_of(read(message)))}


def _property_text(name: str, message: StoredMessage) -> str:
    if name == "attachment":
        return " ".join(attachment.name for attachment in message.attachments)
    if name == "body":
        return html_to_text(str(message.values["body"].get("content") or ""))
    return "email" if name == "kind" else str(message.values[name])


def _default_text(message: StoredMessage) -> str:
    authors = " ".join(" ".join(person) for person in people("from", message))
    return f"{authors} {message.values['subject']} {_property_text('body', message)}"
