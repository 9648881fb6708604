"""The workflow behind *Track*: private message → email activity, in steps that may each run twice.

Order as Dataverse wants it: the row open, its files, then complete. Each step takes the workflow's
key and reads everything else from where it belongs, so that no word of the message is in a job.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from insights.capture import tracks
from insights.capture.items import direction_of
from insights.capture.mailboxes import choose_mailbox
from insights.capture.tracks import Track, again, finish, select_strays, settle_file, split_key, touch
from insights.errors import Problem, SignInNeeded, Unavailable
from insights.model import EmailDraft, Mailbox, Message, TrackState
from insights.services import Services
from insights.workflows import Workflow

WORKFLOW = "track"
STRAY_AFTER = timedelta(minutes=1)
Work = Callable[[Track, Mailbox, Message], Awaitable[str]]


def workflow(services: Callable[[], Services]) -> Workflow:
    """The workflow of one attempt at tracking; `services` is asked when a step runs."""

    async def write_email(key: str) -> str:
        return await _with_message(services(), key, lambda *about: _write_email(services(), *about))

    async def add_files(key: str) -> str:
        return await _with_message(services(), key, lambda *about: _add_files(services(), *about))

    async def complete_email(key: str) -> str:
        return await _with_message(services(), key, lambda *about: _complete(services(), *about))

    async def fail(key: str, cause: str) -> str:
        now = services().clock()
        await services().database.write(finish, key, TrackState.FAILED, now, cause=cause)
        return ""

    return Workflow(WORKFLOW, (write_email, add_files, complete_email), fail)


async def start_pending(services: Services) -> None:
    """Start every pending row whose press was the last thing the server did before it died."""
    for row in await services.database.read(select_strays, services.clock()):
        await services.workflows.run(WORKFLOW, row.key)


async def sweep_strays(services: Services) -> int:
    """Go on with every pending row that nothing has moved for a minute; how many there were."""
    strays = await services.database.read(select_strays, services.clock() - STRAY_AFTER)
    for row in strays:
        if not await services.workflows.revive(WORKFLOW, row.key):
            renewed = await services.database.write(again, row.email_id, services.clock())
            await services.workflows.run(WORKFLOW, renewed.key)
    return len(strays)


async def _with_message(services: Services, key: str, work: Work) -> str:
    """Do `work` for the attempt `key` if it still is the current one; else its cause to stop."""
    email_id, attempt = split_key(key)
    row = (await services.database.read(tracks.select_tracks, [email_id])).get(email_id)
    if row is None or row.attempt != attempt or row.state is not TrackState.PENDING:
        return ""
    user = await services.crm.user(row.user_id)
    if user is None:
        return "user_gone"
    mailbox = choose_mailbox(user, row.mailbox)
    message = (await services.mail.find(mailbox, [email_id])).get(email_id)
    if message is None:
        return "message_gone"
    return await work(row, mailbox, message)


async def _write_email(services: Services, row: Track, mailbox: Mailbox, message: Message) -> str:
    body = await services.mail.body(mailbox, message.email_id)
    draft = EmailDraft(
        email_id=message.email_id,
        message=message,
        body=body,
        direction=direction_of(message, mailbox),
        regarding=row.regarding,
    )
    written = await services.crm.create_email(mailbox.reader, draft)
    await services.database.write(
        touch, row.key, services.clock(), email_activity_id=written.email_activity_id
    )
    return ""


async def _add_files(services: Services, row: Track, mailbox: Mailbox, message: Message) -> str:
    """Each chosen file with its own outcome: one that fails never loses the rest."""
    for attachment_id, (state, _) in row.files.items():
        if state is TrackState.PENDING:
            cause = await _add_file(services, row, mailbox, attachment_id)
            outcome = TrackState.FAILED if cause else TrackState.TRACKED
            await services.database.write(settle_file, row.email_id, attachment_id, outcome, cause)
    return ""


async def _add_file(services: Services, row: Track, mailbox: Mailbox, attachment_id: str) -> str | None:
    try:
        file = await services.mail.attachment(mailbox, row.email_id, attachment_id)
        await services.crm.add_attachment(mailbox.reader, row.email_activity_id or row.email_id, file)
    except (Unavailable, SignInNeeded):
        raise  # that ends the step, not the file
    except Problem as problem:
        return problem.code
    return None


async def _complete(services: Services, row: Track, mailbox: Mailbox, message: Message) -> str:
    await services.crm.complete_email(mailbox.reader, row.email_activity_id or message.email_id)
    await services.database.write(finish, row.key, TrackState.TRACKED, services.clock())
    return ""
