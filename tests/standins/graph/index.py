"""What the search index holds of a mailbox: whom each message names, in words."""

import bisect
import re

from tests.standins.graph.message import StoredMessage
from tests.standins.graph.mime import Person

WORD = re.compile(r"\w+")
RECIPIENTS = {"to": "toRecipients", "cc": "ccRecipients", "bcc": "bccRecipients"}


class Index:
    """Messages by the people in them; `change` is the mailbox's at the time."""

    def __init__(self, messages: list[StoredMessage], change: int) -> None:
        self.messages, self.change = list(messages), change
        self._people: dict[str, _People] = {}

    def with_person(self, name: str, words: list[str]) -> set[StoredMessage]:
        """Messages with a person, of the KQL property, in whose name and address each word begins one."""
        if name not in self._people:
            self._people[name] = _People(name, self.messages)
        return self._people[name].messages_of(words)


class _People:
    """The people of one KQL property: by the words in them, and with their messages."""

    def __init__(self, name: str, messages: list[StoredMessage]) -> None:
        self._messages: dict[Person, set[StoredMessage]] = {}
        self._by_word: dict[str, set[Person]] = {}
        for message in messages:
            for person in people(name, message):
                self._messages.setdefault(person, set()).add(message)
        for person in self._messages:
            for word in words_of(" ".join(person)):
                self._by_word.setdefault(word, set()).add(person)
        self._words = sorted(self._by_word)

    def messages_of(self, words: list[str]) -> set[StoredMessage]:
        """Messages of every person who has all the words."""
        matching = [self._with_word(word) for word in words]
        people_found = set[Person].intersection(*matching) if matching else set()
        return set[StoredMessage]().union(*(self._messages[person] for person in people_found))

    def _with_word(self, word: str) -> set[Person]:
        """People with a word that begins so; the words are sorted, so they stand together."""
        found: set[Person] = set()
        for known in self._words[bisect.bisect_left(self._words, word) :]:
            if not known.startswith(word):
                break
            found |= self._by_word[known]
        return found


def people(name: str, message: StoredMessage) -> list[Person]:
    """The people that a KQL property (participants, recipients, from, to, cc, bcc) is about."""
    kinds = RECIPIENTS.values() if name in {"participants", "recipients"} else [RECIPIENTS.get(name, "")]
    found = [each["emailAddress"] for kind in kinds for each in message.values.get(kind) or []]
    if name in {"participants", "from"}:
        found += [(message.values.get("from") or {}).get("emailAddress", {})]
    named = [(str(each.get("name") or ""), str(each.get("address") or "")) for each in found]
    return [*named, *message.authors] if name in {"participants", "from"} else named


def words_of(text: str) -> list[str]:
    """The words of a text, lower-case."""
    return [word.lower() for word in WORD.findall(text)]


def has_words(words: list[str], known: list[str]) -> bool:
    """Whether each word begins one of those known."""
    return bool(words) and all(any(each.startswith(word) for each in known) for word in words)
