"""`liaison import mail`: from files to mailbox, parsing in workers while earlier messages are written."""

import asyncio
import re
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain, islice
from pathlib import Path

from connectors.embedded.mail.pieces import SourceMessage
from connectors.embedded.mail.sources import find_files, read_messages
from connectors.embedded.mail.store import BATCH, require_mailbox, write_parsed
from insights.database import Database
from insights.mail.addresses import mailbox_key
from insights.mail.parsing.parsed import ParsedMessage, Unreadable
from insights.mail.parsing.pool import MailParser
from insights.ports import Crm

MESSAGES_PER_TASK = 40
BYTES_PER_TASK = 4 * 1024 * 1024
WORKERS = 2
OTHER = "it has the Message-ID of another mail, with another From or Subject"
LINE = re.compile(r"\bline \d+")
TASKS_AHEAD = 5
"""Tasks under way at once: two run, the others keep the workers from waiting."""

Progress = Callable[[int, int], None]
"""Is told how many bytes of the source are done, and of how many."""


@dataclass(slots=True)
class ImportMailReport:
    """What became of the messages; `skipped` names each that is left out with the reason."""

    imported: int = 0
    already_there: int = 0
    mended: int = 0
    """Of those that were there, how many a version before had read otherwise."""
    skipped: list[tuple[str, str]] = field(default_factory=list)

    @property
    def reasons(self) -> dict[str, list[str]]:
        """What was left out, by the reason; the commonest first."""
        found: dict[str, list[str]] = {}
        for name, reason in self.skipped:
            found.setdefault(LINE.sub("line …", reason), []).append(name)
        return dict(sorted(found.items(), key=lambda each: -len(each[1])))


async def import_mail(
    database: Database,
    organization_id: str,
    path: Path,
    mailbox: str,
    *,
    now: datetime,
    progress: Progress | None = None,
) -> ImportMailReport:
    """Put the messages of an mbox, a Maildir, a folder or a file into a mailbox.

    Importing twice changes nothing; a bad message is reported and skipped. Works beside a running
    server. Raises Invalid or NotFound for a wrong path or mailbox before anything is written.
    """
    require_mailbox(mailbox)
    files = await asyncio.to_thread(find_files, path)
    total = sum(file.size for file in files)
    source = read_messages(files)
    return await _import(database, organization_id, source, mailbox, now=now, progress=progress, total=total)


async def mailbox_warning(crm: Crm, mailbox: str, reader: str) -> str:
    """`what · why · what to do` where the reader, owner or not, will never see this mailbox, else ""."""
    user = await crm.user(reader)
    if user and mailbox_key(user.email) == mailbox_key(reader):
        return ""
    who = "Nobody reads" if reader == mailbox else f"{reader} cannot read"
    return (
        f"{who} the mailbox {mailbox} · {reader} is no enabled user's main address in the CRM"
        " · import systemusers.csv, or import the mail again with a user's address"
    )


async def import_messages(
    database: Database, organization_id: str, messages: Iterable[bytes], mailbox: str, *, now: datetime
) -> ImportMailReport:
    """Put raw messages into a mailbox, as `import_mail` does."""
    require_mailbox(mailbox)
    source = (
        SourceMessage(f"message {number}", raw, len(raw)) for number, raw in enumerate(messages, start=1)
    )
    return await _import(database, organization_id, source, mailbox, now=now)


async def _import(
    database: Database,
    organization_id: str,
    source: Iterator[SourceMessage],
    mailbox: str,
    *,
    now: datetime,
    progress: Progress | None = None,
    total: int = 0,
) -> ImportMailReport:
    report = ImportMailReport()
    waiting: list[ParsedMessage] = []
    names: list[str] = []
    done = 0

    async def write() -> None:
        outcome = await write_parsed(database, organization_id, mailbox, waiting, now=now)
        report.imported += outcome.inserted
        report.already_there += len(waiting) - outcome.inserted - len(outcome.differing)
        report.mended += outcome.mended
        report.skipped += [(names[place], OTHER) for place in outcome.differing]
        names.clear()
        waiting.clear()
        if progress:
            progress(done, total)

    tasks = _tasks(source)
    first = await asyncio.to_thread(lambda: list(islice(tasks, WORKERS)))
    # A second worker only for a second task: one that is stopped while it starts complains on stderr.
    parser = MailParser(workers=max(1, len(first)))
    try:
        async for task, results in _parsed(parser, chain(first, tasks)):
            done += sum(message.size for message in task)
            for message, result in zip(task, results, strict=True):
                if isinstance(result, Unreadable):
                    report.skipped.append((message.name, result.reason))
                else:
                    kept_at = result.kept_at or message.at
                    waiting.append(replace(result, is_read=message.is_read, kept_at=kept_at))
                    names.append(message.name)
            if len(waiting) >= BATCH:
                await write()
        await write()
    finally:
        await parser.close()
        await database.fold()
    return report


async def _parsed(
    parser: MailParser, tasks: Iterator[list[SourceMessage]]
) -> AsyncIterator[tuple[list[SourceMessage], list[ParsedMessage | Unreadable]]]:
    """Tasks and their results in the order of the source, with the next ones already under way."""
    under_way: deque[tuple[list[SourceMessage], asyncio.Task[list[ParsedMessage | Unreadable]]]] = deque()
    try:
        while True:
            while len(under_way) < TASKS_AHEAD and (task := await asyncio.to_thread(next, tasks, None)):
                under_way.append((task, asyncio.create_task(_parse(parser, task))))
            if not under_way:
                return
            task, parsing = under_way[0]
            results = await parsing
            under_way.popleft()
            yield task, results
    finally:
        for _, parsing in under_way:
            parsing.cancel()
        await asyncio.gather(*(parsing for _, parsing in under_way), return_exceptions=True)


async def _parse(parser: MailParser, task: list[SourceMessage]) -> list[ParsedMessage | Unreadable]:
    results = iter(await parser.parse([message.raw for message in task if not message.reason]))
    return [Unreadable(message.reason) if message.reason else next(results) for message in task]


def _tasks(source: Iterator[SourceMessage]) -> Iterator[list[SourceMessage]]:
    """The messages in groups, large ones alone."""
    task: list[SourceMessage] = []
    size = 0
    for message in source:
        if task and (len(task) == MESSAGES_PER_TASK or size + len(message.raw) > BYTES_PER_TASK):
            yield task
            task, size = [], 0
        task.append(message)
        size += len(message.raw)
    if task:
        yield task
