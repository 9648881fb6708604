"""Writes a letter as MIME: signature, quoted replies, HTML beside the text, attachments, invitations."""

from base64 import b64encode
from collections.abc import Iterator, Sequence
from datetime import timedelta, timezone
from email.utils import format_datetime
from functools import cache
from html import escape
from random import Random

from connectors.embedded.demo.chance import chance
from connectors.embedded.demo.conversations import Letter
from connectors.embedded.demo.files import picture
from connectors.embedded.demo.invitations import write_invitation
from connectors.embedded.demo.people import COMPANY, Person
from connectors.embedded.demo.wire import (
    FOLD,
    encoded,
    file_part,
    header,
    mailboxes,
    multipart,
    wire_domain,
    words_part,
)

QUOTED_LEVELS = 3
SEPARATOR = "-----Original Message-----"
DISCLAIMER = (
    "This message is confidential. If you are not the intended recipient, please delete it and tell us. "
    "{company} does not accept liability for changes made after it was sent."
)
WITH_LOGO = {"Adele", "Julia"}
STYLE = "font-family:Calibri,Arial,sans-serif;font-size:11pt"


def write_mime(letter: Letter) -> bytes:
    """The letter as it arrives in a mailbox: the same bytes each time."""
    bodies = [words_part("plain", text_of(letter))]
    if html := html_of(letter):
        bodies.append(words_part("html", html))
    if letter.meeting:
        bodies.append(words_part("calendar", write_invitation(letter.meeting, letter.at), "; method=REQUEST"))
    body = multipart("alternative", bodies) if len(bodies) > 1 else bodies[0]
    if files := [file_part(file) for file in letter.files]:
        body = multipart("mixed", [body, *files])
    return b"".join(header(name, value) for name, value in _headers(letter)) + body


def text_of(letter: Letter) -> str:
    """The letter as plain text: new words, signature, what it answers."""
    return "\n".join([_own_text(letter), *_quoted_text(letter, QUOTED_LEVELS), ""])


def html_of(letter: Letter) -> str:
    """The letter as HTML, "" where its writer's program sends plain text."""
    if letter.html:
        return letter.html
    if not letter.sender.is_ours and _rng(letter.sender).random() < 0.5:
        return ""
    logo = _logo() if letter.sender.is_ours and letter.sender.first in WITH_LOGO else ""
    quoted = _quoted_html(letter, QUOTED_LEVELS)
    return f'<html><body style="{STYLE}">{_own_html(letter)}{logo}{quoted}</body></html>'


def _own_text(letter: Letter) -> str:
    return f"{letter.words}\n{signature(letter.sender)}".strip()


def _own_html(letter: Letter) -> str:
    blocks = [block for block in letter.words.split("\n\n") if block.strip()]
    words = "".join(f"<p>{_lines(block)}</p>" for block in blocks)
    return f'{words}<p style="color:#555">{_lines(signature(letter.sender))}</p>'


def signature(person: Person) -> str:
    """What a person's mail program puts below each letter, "" for machines."""
    if not person.title:
        return person.name if person.table else ""
    lines = [person.name, person.title, f"{person.company}, {person.city}", person.phone]
    if person.is_ours:
        return "\n".join(["", "-- ", *lines, f"{COMPANY}: we keep it flowing."])
    style = _rng(person).random()
    if style < 0.3:
        return person.first
    text = "\n".join(["", *lines])
    return f"{text}\n\n{DISCLAIMER.format(company=person.company)}" if style > 0.7 else text


def _quoted_text(letter: Letter, levels: int) -> Sequence[str]:
    answered = letter.answers
    if answered is None or levels == 0:
        return ()
    words = [_own_text(answered), *_quoted_text(answered, levels - 1)]
    if _quotes_like_outlook(letter.sender):
        to = "; ".join(person.name for person in answered.to)
        return (
            "",
            SEPARATOR,
            f"From: {answered.sender.name}",
            f"To: {to}",
            f"Subject: {answered.subject}",
            "",
            *words,
        )
    quoted = "\n".join(words).split("\n")
    head = f"{answered.sender.name} <{answered.sender.email}> wrote:"
    return ("", head, "", *(f"> {line}".rstrip() for line in quoted))


def _quoted_html(letter: Letter, levels: int) -> str:
    answered = letter.answers
    if answered is None or levels == 0:
        return ""
    words = _own_html(answered) + _quoted_html(answered, levels - 1)
    name = escape(answered.sender.name)
    if _quotes_like_outlook(letter.sender):
        to = escape("; ".join(person.name for person in answered.to))
        subject = escape(answered.subject)
        return f"<hr><p><b>From:</b> {name}<br><b>To:</b> {to}<br><b>Subject:</b> {subject}</p>{words}"
    return f"<p>{name} &lt;{escape(answered.sender.email)}&gt; wrote:</p><blockquote>{words}</blockquote>"


def _headers(letter: Letter) -> Iterator[tuple[str, str]]:
    sent_at = letter.at.astimezone(timezone(timedelta(hours=letter.sender.utc_offset)))
    yield "Received", f"from mx.{wire_domain(letter.sender)} by mail.example.com; {format_datetime(sent_at)}"
    yield "Date", format_datetime(sent_at)
    yield "From", mailboxes([letter.sender])
    yield "To", mailboxes(letter.to)
    if letter.cc:
        yield "Cc", mailboxes(letter.cc)
    yield "Subject", encoded(letter.subject)
    yield "Message-ID", letter.message_id
    if chain := _chain(letter):
        yield "In-Reply-To", chain[-1]
        yield "References", FOLD.join(chain)
    if letter.is_private:
        yield "Sensitivity", "Private"
    yield from letter.headers.items()
    yield "MIME-Version", "1.0"


def _chain(letter: Letter) -> list[str]:
    return [*_chain(letter.answers), letter.answers.message_id] if letter.answers else []


@cache
def _logo() -> str:
    """The logo inside the HTML itself: readers that load nothing show it, too."""
    content = b64encode(picture(chance(COMPANY), 60, 24)).decode()
    return f'<p><img src="data:image/png;base64,{content}" alt="Tarnbrook" width="60"></p>'


def _lines(text: str) -> str:
    return escape(text.strip(), quote=False).replace("\n", "<br>")


def _rng(person: Person) -> Random:
    return chance(f"style/{person.id}")


def _quotes_like_outlook(person: Person) -> bool:
    return _rng(person).random() < 0.4
