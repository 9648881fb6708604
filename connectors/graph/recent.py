"""What a mailbox listed a moment ago, so that asking for one of its messages costs no round trip.

In memory alone and for moments: long enough for the questions of one opening, which run side by side,
too short for somebody to press *Track* on what was listed: by then it is read anew with all its headers.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager

from insights.mail.addresses import MailboxKey, mailbox_key
from insights.model import Mailbox, Message

SECONDS = 2.0
MOST = 20_000
Key = tuple[MailboxKey, str]


class Recent:
    """Messages by mailbox and reader, and the lists that are still on their way."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._kept: OrderedDict[tuple[Key, str], tuple[float, Message, bool]] = OrderedDict()
        self._on_their_way: dict[Key, list[asyncio.Future[None]]] = {}

    @asynccontextmanager
    async def listing(self, mailbox: Mailbox) -> AsyncIterator[None]:
        """While a list is on its way, whoever asks for a message of the mailbox waits for it."""
        key, done = _key(mailbox), asyncio.get_running_loop().create_future()
        waiting = self._on_their_way.setdefault(key, [])
        waiting.append(done)
        try:
            yield
        finally:
            done.set_result(None)
            waiting.remove(done)
            if not waiting:
                self._on_their_way.pop(key, None)

    def keep(self, mailbox: Mailbox, messages: Iterable[Message], *, are_listed: bool = True) -> None:
        """Keep messages that were read just now; `are_listed`: a list of the mailbox would have them."""
        key, now = _key(mailbox), time.monotonic()
        for message in messages:
            self._kept[key, message.email_id] = now, message, are_listed
            self._kept.move_to_end((key, message.email_id))
        while self._kept and (len(self._kept) > MOST or self._is_old(next(iter(self._kept.values()))[0])):
            self._kept.popitem(last=False)

    async def find(
        self, mailbox: Mailbox, email_ids: Sequence[str], *, listed_only: bool = False
    ) -> dict[str, Message]:
        """Those of the messages that were read moments ago."""
        key = _key(mailbox)
        for future in list(self._on_their_way.get(key, ())):
            await asyncio.shield(future)
        kept = {each: self._kept[key, each] for each in email_ids if (key, each) in self._kept}
        return {
            each: message
            for each, (at, message, is_listed) in kept.items()
            if not self._is_old(at) and (is_listed or not listed_only)
        }

    def _is_old(self, at: float) -> bool:
        return at < time.monotonic() - self._seconds


def _key(mailbox: Mailbox) -> Key:
    return mailbox_key(mailbox.address), mailbox.reader.id
