"""Headers of mailboxes, read as the application with `Mail.ReadBasic`: no words, no files, no properties.

Pages go on by the time of the last message, not by a count, so that mail which is moved or deleted
meanwhile takes no other with it.
"""

from datetime import datetime

from connectors.graph import requests
from connectors.graph.answers import Answer
from connectors.graph.batches import ask_all
from connectors.graph.calls import Call
from connectors.graph.instants import read_instant, to_text
from connectors.graph.messages import read_header
from connectors.graph.pace import LONG_BUDGET_SECONDS, Budget
from connectors.graph.problems import no_mailbox
from connectors.graph.reader import MailReader
from connectors.graph.rights import Asker, is_own, owner_path
from insights.cursors import bad_cursor, read_cursor, write_cursor
from insights.mail.addresses import mailbox_key
from insights.model import Mailbox, MessageHeader, Page

HEADERS = "headers"
RECEIVED = "receivedDateTime"


class Collector:
    """Reads who wrote to whom, in the right of the application and no other."""

    def __init__(self, reader: MailReader) -> None:
        self._reader, self._graph = reader, reader.graph

    async def headers(
        self, mailbox: Mailbox, since: datetime, until: datetime, cursor: str | None
    ) -> Page[MessageHeader]:
        """A page of headers, oldest first; `next` begins at the time of the first that is not on it."""
        if not is_own(mailbox):
            raise no_mailbox()
        if cursor is not None:
            since = max(since, _read(mailbox, cursor))
        budget, sdk = Budget(LONG_BUDGET_SECONDS), await self._graph.sdk()
        call: Call | None = requests.headers(sdk, owner_path(mailbox), since=since, until=until)
        outside: frozenset[str] = frozenset()
        found: dict[str, MessageHeader] = {}
        while call:
            answers = await self._ask(mailbox, call, budget)
            if not await self._reader.has_mailbox(mailbox, answers[0]):
                return Page([])
            answer = answers[0].require_ok()
            outside = self._reader.outside.read(mailbox, answers[1:])
            self._take(found, answer, outside)
            call = answer.next_page(call)
            # All of one second belong together: what is received within it comes in no order that lasts.
            last = read_instant(answer.values[-1].get(RECEIVED)) if answer.values else None
            if call and last and any(each.received_at < last for each in found.values()):
                items = [each for each in found.values() if each.received_at < last]
                return Page(items, write_cursor(HEADERS, mailbox_key(mailbox.address), to_text(last)))
        return Page(list(found.values()))

    async def _ask(self, mailbox: Mailbox, call: Call, budget: Budget) -> list[Answer]:
        asker = Asker(mailbox_key(mailbox.address))
        return await ask_all(self._graph, asker, [call, *await self._reader.outside.calls(mailbox)], budget)

    def _take(self, found: dict[str, MessageHeader], answer: Answer, outside: frozenset[str]) -> None:
        for item in answer.values:
            header = read_header(item, self._reader.organization_id)
            if header and str(item.get("parentFolderId")) not in outside:
                found.setdefault(header.email_id, header)


def _read(mailbox: Mailbox, cursor: str) -> datetime:
    at = read_instant(read_cursor(HEADERS, mailbox_key(mailbox.address), cursor))
    if at is None:
        raise bad_cursor()
    return at
