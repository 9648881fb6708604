"""What a file gives: a message's bytes, or the reason why it gives none."""

from dataclasses import dataclass, replace
from datetime import datetime

from connectors.embedded.mail import flags, unrelated
from connectors.embedded.mail.hidden import hides_mail
from insights.mail.parsing.parsed import MESSAGE_LIMIT

TOO_LARGE = f"it is larger than {MESSAGE_LIMIT // 1024**2} MiB"
NOT_MAIL = "it does not look like a mail"
SEVERAL = (
    "it seems to hold another mail: put > before the From line of that if it is text, or a line From - before"
    " the whole if the file is a mailbox, and import again"
)


@dataclass(frozen=True, slots=True)
class SourceMessage:
    """A message as it was found: its bytes, or why it has none; `size` of the source was read for it.

    `is_read` is None where the source does not say.
    """

    name: str
    raw: bytes
    size: int
    reason: str = ""
    is_read: bool | None = None
    at: datetime | None = None
    """When the file was written in which it lies alone."""


def of_mailbox(message: SourceMessage, raw: bytes) -> SourceMessage:
    """A message of a mailbox with what its program noted in it: whether it is read, why it is left out."""
    if not message.reason and (reason := unrelated.of_mbox(raw)):
        return SourceMessage(message.name, b"", message.size, reason)
    return replace(message, is_read=flags.of_mbox(raw))


def piece(name: str, raw: bytes, size: int) -> SourceMessage:
    """A message of which `raw` may be only the beginning where `size` is beyond the limit.

    The one door for all that is imported: what hides another message is named, never handed on.
    """
    if size > MESSAGE_LIMIT:
        return SourceMessage(name, b"", size, TOO_LARGE)
    if hides_mail(raw):
        return SourceMessage(name, b"", size, SEVERAL)
    return SourceMessage(name, raw, size)
