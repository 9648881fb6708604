"""Raw messages made for a test."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime

from insights.model import Mailbox, User

AT = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)


def make_mail(
    message_id: str = "<one@fabrikam.example>",
    *,
    sender: str = "Ana Silva <ana@fabrikam.example>",
    to: str = "ann@ours.example",
    subject: str = "Offer",
    at: datetime = AT,
    text: str = "Dear Ann",
    html: str = "",
    files: Mapping[str, bytes] | None = None,
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """A message as a mail server would hand it over."""
    message = EmailMessage()
    if message_id:
        message["Message-ID"] = message_id
    message["From"], message["To"], message["Subject"] = sender, to, subject
    message["Date"] = format_datetime(at)
    for name, value in (headers or {}).items():
        message[name] = value
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    for name, content in (files or {}).items():
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


def own_mailbox(address: str) -> Mailbox:
    """A mailbox read by its owner."""
    return User(address, "", address).mailbox
