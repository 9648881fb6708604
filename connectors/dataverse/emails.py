"""Email activities by Message-ID: all of them as the application, the readable ones as the user.

Two requests side by side: what the application sees says who tracked an email, what the user sees
says whether it is readable and what it is about.
"""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from datetime import timedelta

from connectors.dataverse.about import Abouts
from connectors.dataverse.activity import CREATED_BY, ID, MESSAGE_ID, OVERRIDDEN, SENDER_TEXT, made_at
from connectors.dataverse.expressions import AnyOf, Collection, clean
from connectors.dataverse.keeping import take_note
from connectors.dataverse.metadata import CREATED_ON, STATE
from connectors.dataverse.query import Query
from connectors.dataverse.records import Records, chunks, lookup, lookup_name, text
from connectors.dataverse.spelling import domains, searchable_key
from connectors.dataverse.wire import Row
from insights.crm.activities import COMPLETED, About
from insights.crm.conditions import Column, Compare, Condition, Every, In
from insights.crm.limits import LONGEST_MESSAGE_ID
from insights.model import MailQuery, Message, TrackedEmail

MESSAGE_IDS_AT_ONCE = 40
ADDRESSES_AT_ONCE = 80
MOST_ADDRESSES = 400
"""Beyond, asking by addresses costs more than waiting for the messages."""
CLOCKS_DIFFER = timedelta(days=1)
ADDRESS_USED, OWNER = Column("addressused"), Column("ownerid", "lookup")
WITH_PARTY = Collection("email_activity_parties")
SEEN_BY_ALL = [ID, MESSAGE_ID, CREATED_ON, OVERRIDDEN, CREATED_BY, OWNER, STATE]


def message_key(internet_message_id: str) -> str:
    """What a Message-ID is stored as and compared by: exact but for surrounding space, cut to its column."""
    return clean(internet_message_id.strip())[:LONGEST_MESSAGE_ID]


class Emails:
    """Email activities as they bear on tracking, for one user."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._abouts = Abouts(records)

    async def find(self, internet_message_ids: Sequence[str]) -> dict[str, TrackedEmail]:
        """Email activities by Message-ID, also those the user may not read."""
        keys = {one: key for one in internet_message_ids if (key := message_key(one))}
        wanted = list(dict.fromkeys(keys.values()))
        rows, _ = await self._read([In(MESSAGE_ID, part) for part in chunks(wanted, MESSAGE_IDS_AT_ONCE)])
        found = {row.internet_message_id.strip(): row for row in rows}
        return {one: found[key] for one, key in keys.items() if key in found}

    async def among(
        self, query: MailQuery, messages: Awaitable[Sequence[Message]]
    ) -> Mapping[str, TrackedEmail]:
        """The same of the messages that a mail query finds, asked by its addresses meanwhile.

        A row carries its message's addresses as parties, letter for letter: ours do, and so do those of
        server-side synchronisation; rows without a sender, which may lack parties too, are asked for
        beside. So a message that has one of the asked-for addresses in that very spelling, and was not
        found by it, has no row. Only for the others (a tagged or otherwise spelled address, a row older
        than its message, an answer that was cut) there is a second look by Message-ID.
        """
        early = asyncio.ensure_future(self._by_addresses(query))
        early.add_done_callback(take_note)
        try:
            awaited = await messages
        except BaseException:
            early.cancel()
            raise
        found, spellings = await early
        by_id = {message.internet_message_id: message for message in awaited if message.internet_message_id}
        sure = {one: found[key] for one in by_id if (key := message_key(one)) in found}
        unsure = [one for one, message in by_id.items()
                  if one not in sure and not _is_settled(message, query, spellings)]  # fmt: skip
        return sure | (await self.find(unsure) if unsure else {})

    async def existing(self, internet_message_id: str, email_id: str) -> TrackedEmail | None:
        """The email activity that has this Message-ID, else this id; also an unreadable one."""
        key = message_key(internet_message_id)
        conditions = [Compare(ID, "eq", email_id), *([Compare(MESSAGE_ID, "eq", key)] if key else [])]
        rows, _ = await self._read(conditions)
        same = [row for row in rows if key and row.internet_message_id.strip() == key]
        own = [row for row in rows if row.email_activity_id == email_id]
        return next(iter(reversed(same or own)), None)

    async def _by_addresses(self, query: MailQuery) -> tuple[dict[str, TrackedEmail], set[str]]:
        """(rows by Message-ID, spellings of addresses for which they are all there are)."""
        keys = [key for address in query.addresses or () if (key := searchable_key(address))]
        if not keys or len(keys) > MOST_ADDRESSES:
            return {}, set()
        spellings = [f"{local}@{domain}" for key in dict.fromkeys(keys)
                     for local, _, ascii_domain in [key.rpartition("@")]
                     for domain in domains(ascii_domain)]  # fmt: skip
        window: list[Condition] = [Compare(MESSAGE_ID, "ne", None)]
        if query.since:
            window.append(Compare(CREATED_ON, "ge", query.since - CLOCKS_DIFFER))
        conditions = [
            Every([*window, AnyOf(WITH_PARTY, In(ADDRESS_USED, part))])
            for part in chunks(spellings, ADDRESSES_AT_ONCE)
        ]
        conditions.append(Every([*window, Compare(SENDER_TEXT, "eq", None)]))
        rows, is_whole = await self._read(conditions)
        return {row.internet_message_id.strip(): row for row in rows}, set(spellings) if is_whole else set()

    async def _read(self, conditions: Sequence[Condition]) -> tuple[list[TrackedEmail], bool]:
        """Rows once each, earliest last so that it wins, and whether these are all."""
        if not conditions:
            return [], True
        everything = [Query("emails", SEEN_BY_ALL, each) for each in conditions]
        readable = [
            Query("emails", [ID, *self._abouts.columns], each, expand=self._abouts.expand())
            for each in conditions
        ]
        api, user = self._records.api, self._records.user
        all_pages, my_pages = await asyncio.gather(api.pages(everything, None), api.pages(readable, user))
        abouts = await self._abouts.read([row for page in my_pages for row in page.rows])
        rows = {str(row[ID.name]): row for page in all_pages for row in page.rows}
        is_whole = not any(page.next for page in (*all_pages, *my_pages))
        latest_first = sorted(rows.values(), key=made_at, reverse=True)
        return [as_tracked(row, abouts.get(str(row[ID.name]))) for row in latest_first], is_whole


def as_tracked(row: Row, about: About | None) -> TrackedEmail:
    """A row as tracking sees it; what an unreadable one is about stays unsaid."""
    column = CREATED_BY if lookup(row, CREATED_BY.name) else OWNER
    tracker = lookup(row, column.name)
    return TrackedEmail(
        email_activity_id=str(row[ID.name]),
        internet_message_id=text(row, MESSAGE_ID.name),
        tracked_by_id=tracker.id if tracker else "",
        tracked_by_name=lookup_name(row, column.name),
        tracked_at=made_at(row),
        regarding=about.regarding if about else None,
        is_complete=row.get(STATE.name) == COMPLETED,
        readable=about is not None,
        links=about.links if about else (),
    )


def _is_settled(message: Message, query: MailQuery, spellings: set[str]) -> bool:
    """Whether a row of the message would have been found by one of the addresses, and in the window."""
    if query.since and message.received_at < query.since:
        return False
    return any(address.strip().casefold() in spellings for address in message.participants)
