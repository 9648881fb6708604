"""Lists of a mailbox, newest first and complete, from answers that each know a part of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from connectors.graph import requests
from connectors.graph.answers import Answer
from connectors.graph.calls import Call
from connectors.graph.instants import read_instant
from connectors.graph.messages import Found
from insights.mail.addresses import RelationKey, relation_key
from insights.model import MailQuery, Message

if TYPE_CHECKING:
    from msgraph.graph_service_client import GraphServiceClient

LATE = timedelta(days=3)
"""How much later than its Date a message may arrive and still be found on a further page."""
INDEX_LAG = timedelta(minutes=10)
"""What `$search` may not know yet; listed beside it."""
RECENT, RECENT_PAGES, SPARE = 500, 2, 25
SEARCH_RESULTS = 1000


@dataclass(slots=True)
class Lane:
    """One way to some of the messages; `call` is its next page, None at its end.

    `floor`: it has given all it has that was sent after that time. `pages`: how many more may be asked for.
    """

    call: Call | None
    order: str
    keys: Sequence[RelationKey] = ()
    until: date | None = None
    floor: datetime | None = None
    seen: int = 0
    pages: int | None = None

    def take(self, answer: Answer) -> None:
        """Go on to the page after this answer."""
        items = answer.values
        self.seen += len(items)
        self.call = answer.next_page(self.call) if self.call else None
        self.pages = None if self.pages is None else self.pages - 1
        if items and (floor := read_instant(items[-1].get(self.order))):
            self.floor = floor


class Listing:
    """A list being put together: `accept` says which messages are asked for."""

    def __init__(self, query: MailQuery, owner: str, now: datetime) -> None:
        self.query, self.owner, self._now = query, owner, now
        self.keys = None if query.addresses is None else frozenset(map(relation_key, query.addresses)) - {""}
        self.found: dict[str, Found] = {}

    def lanes(self, sdk: "GraphServiceClient") -> list[Lane]:
        """All ways to the first messages; together they miss none."""
        since, before, top = self.query.since, self.query.before, self.query.limit + SPARE
        until = before[0] + LATE if before else None
        if self.query.addresses is None:
            call = requests.listing(sdk, self.owner, since=since, until=until, top=top)
            return [Lane(call, "receivedDateTime")]
        lanes = [
            self._search(sdk, keys, until.date() if until else None)
            for keys in requests.in_groups(self.query.addresses)
        ]
        lag_since = self._now - INDEX_LAG
        if lanes and (until is None or until > lag_since):
            call = requests.listing(sdk, self.owner, since=lag_since, until=until, top=RECENT)
            lanes.append(Lane(call, "receivedDateTime", pages=RECENT_PAGES))
        return lanes

    def due(self, lanes: Sequence[Lane]) -> list[Lane]:
        """The lanes that may still hold a message of this page."""
        return [lane for lane in self.unfinished(lanes) if lane.pages != 0]

    def unfinished(self, lanes: Sequence[Lane]) -> list[Lane]:
        """The same, with those that are not followed any further."""
        return [lane for lane in lanes if lane.call and not self._is_full(lane.floor)]

    def trusted(self, lanes: Sequence[Lane]) -> list[Found]:
        """What of the page may be shown although these lanes hold more of it.

        Beside what the index does not know yet, nothing is missing between: an unfinished search counts
        down to where it has got.
        """
        searches = [lane for lane in lanes if lane.pages is None]
        if any(lane.floor is None for lane in searches):
            return []
        return [
            found
            for found in self.page()
            if all(lane.floor and found.message.at > lane.floor for lane in searches)
        ]

    def take(self, sdk: "GraphServiceClient", lane: Lane, answer: Answer) -> None:
        """Move a lane on; a search ends after so many results and is begun anew from there."""
        lane.take(answer)
        if lane.call is None and lane.keys and lane.seen >= SEARCH_RESULTS and lane.floor:
            until = lane.floor.date() + timedelta(days=1)
            if lane.until is None or until < lane.until:
                lane.call, lane.until, lane.seen = self._search(sdk, lane.keys, until).call, until, 0

    def accept(self, found: Found, is_outside: Callable[[str], bool]) -> bool:
        """Take a message over if it is asked for; of copies in several folders the first that came."""
        message = found.message
        if is_outside(found.folder_id) or not self._is_within(message) or not self._is_related(message):
            return False
        known = self.found.get(message.email_id)
        if known is None or (message.received_at, found.id) < (known.message.received_at, known.id):
            self.found[message.email_id] = found
        return True

    def may_relate(self, found: Found) -> bool:
        """Whether its headers could name an author who is asked for."""
        return self.keys is not None and found.may_have_authors and self._is_within(found.message)

    def page(self) -> list[Found]:
        """The newest, as many as were asked for."""
        newest = sorted(self.found.values(), key=lambda found: found.place, reverse=True)
        return newest[: self.query.limit]

    def _search(self, sdk: "GraphServiceClient", keys: Sequence[RelationKey], until: date | None) -> Lane:
        since = (self.query.since - timedelta(days=1)).date() if self.query.since else None
        top = self.query.limit + SPARE
        call = requests.search(sdk, self.owner, keys, since=since, until=until, top=top)
        return Lane(call, "sentDateTime", keys, until)

    def _is_full(self, floor: datetime | None) -> bool:
        """Whether nothing sent at `floor` or earlier can be on the page."""
        if floor is None:
            return False
        return sum(found.message.at > floor for found in self.found.values()) >= self.query.limit

    def _is_within(self, message: Message) -> bool:
        since, before = self.query.since, self.query.before
        if since and message.at < since:
            return False
        return before is None or (message.at, message.email_id) < before

    def _is_related(self, message: Message) -> bool:
        return self.keys is None or any(relation_key(each) in self.keys for each in message.participants)
