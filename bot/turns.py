"""What the functions behind commands, buttons and searches are handed, and what they hand back."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from bot.activities import Incoming
from cards.elements import Card
from cards.plain import Text, sentence
from cards.words import Words
from insights.capture.views import UntrackedList
from insights.errors import Problem
from insights.model import RecordRef, User
from insights.services import Services

CARD = "application/vnd.microsoft.card.adaptive"
INVOKE_SECONDS = 4.0
"""Teams waits 5 s for the answer to an invoke; what takes longer follows as or in a card."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Somebody who wrote, pressed or searched."""

    services: Services
    incoming: Incoming
    user: User
    words: Words


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of untracked email in a chat: what it is of and which emails it shows, which makes its id."""

    id: str
    user_id: str
    record: RecordRef | None
    email_ids: tuple[str, ...]
    next_cursor: str | None
    is_first: bool
    language: str

    @classmethod
    def of(cls, turn: Turn, page: UntrackedList) -> "Listing":
        """The listing of a page that `turn` is about to show."""
        record = RecordRef(page.record.table, page.record.id) if page.record else None
        email_ids = tuple(row.item.id for row in page.rows)
        of_record = page.record and (page.record.table, page.record.id)
        made_of = (turn.user.id, of_record, email_ids, page.next, page.is_first, turn.words.language)
        return cls(
            id=str(uuid5(NAMESPACE_URL, json.dumps(made_of))),
            user_id=turn.user.id,
            record=record,
            email_ids=email_ids,
            next_cursor=page.next,
            is_first=page.is_first,
            language=turn.words.language,
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """A card to show; `listing` is what it lists, so that it can be redrawn when that changes.

    `change_id` is the newest change that the drawing took in for certain; a refusal never takes the
    place of another card.
    """

    card: Card
    listing: Listing | None = None
    change_id: int = 0
    is_refusal: bool = False
    content_type: str = CARD


@dataclass(frozen=True, slots=True)
class Press:
    """A button: its verb, the id it carries, and what stood in the card's inputs."""

    verb: str
    id: str
    inputs: Mapping[str, Any] = field(default_factory=dict)


def told(problem: Problem, words: Words) -> Text:
    """A problem in sentences: what, why, what to do."""
    parts = problem.told(words)
    return Text(" ".join(sentence(part) for part in (parts.what, parts.why, parts.do) if part))


def message_of(answer: Answer) -> dict[str, Any]:
    """The activity that shows a card."""
    return {"type": "message", "attachments": [{"contentType": answer.content_type, "content": answer.card}]}
