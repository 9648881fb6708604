"""The demo's mailbox reader: who one can be, a token to be it, and that person's own mailbox."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from aiohttp import web
from pydantic import BaseModel, Field

from addin.http import Answer, Call, Visit
from addin.requests import Body, Id, PageQuery, Query
from insights.capture.mailboxes import choose_mailbox
from insights.errors import NotFound
from insights.model import Message, User


class TokenMaker(Protocol):
    """What the demo needs of a directory beyond the port."""

    def issue_token(self, user_id: str, hours: float = 8) -> str:
        """A bearer token for a user."""
        ...


class SharedMailboxes(Protocol):
    """What the demo needs of a mail server beyond the port."""

    async def shared_with(self, reader: User) -> Sequence[str]:
        """The addresses of the mailboxes that somebody reads beside the own one."""
        ...


SHARED_MAILBOXES: web.AppKey[SharedMailboxes] = web.AppKey("shared_mailboxes")
TOKEN_MAKER: web.AppKey[TokenMaker] = web.AppKey("token_maker")


class DemoUser(BaseModel):
    """Somebody of the fictional organisation."""

    id: str
    name: str
    email: str


class DemoUsers(BaseModel):
    """All of them, by name."""

    items: list[DemoUser]
    next: str | None = None


class TokenBody(Body):
    """Whom to be: an id or address of a demo user."""

    user: str = Field(min_length=1, max_length=320)


class DemoToken(BaseModel):
    """A bearer token for the HTTP API, and whose it is."""

    token: str
    user: DemoUser


class DemoMailbox(BaseModel):
    """A mailbox that one may read, by its address and whose it is."""

    address: str
    name: str


class DemoMailboxes(BaseModel):
    """All of them, the own one first."""

    items: list[DemoMailbox]
    next: str | None = None


class MailboxQuery(Query):
    """Which mailbox, none = the own one."""

    mailbox: str | None = Field(None, max_length=320)


class MessagesQuery(PageQuery, MailboxQuery):
    """A page of a mailbox."""


class DemoAttachment(BaseModel):
    """A file of a message; `size` in bytes."""

    id: str
    name: str
    size: int
    content_type: str
    is_inline: bool


class DemoMessage(BaseModel):
    """A message as the reader lists it."""

    id: str
    internet_message_id: str
    conversation_id: str
    subject: str
    at: datetime
    sender: str = Field(serialization_alias="from")
    sender_name: str
    to: list[str]
    cc: list[str]
    attachments: list[DemoAttachment]


class DemoMessages(BaseModel):
    """A page of the mailbox, newest first."""

    items: list[DemoMessage]
    next: str | None = None


class DemoOpenMessage(DemoMessage):
    """A message with its words; `html` is cleaned."""

    html: str
    text: str


async def list_users(visit: Visit) -> Answer:
    """Who one can be in the demo."""
    users = await visit.services.crm.users()
    return Answer(DemoUsers(items=[_user(user) for user in users]))


async def make_token(visit: Visit, body: TokenBody) -> Answer:
    """A bearer token for a demo user."""
    user = await visit.services.crm.user(body.user)
    if user is None:
        raise NotFound("unknown_user.demo")
    token = visit.request.app[TOKEN_MAKER].issue_token(user.id)
    return Answer(DemoToken(token=token, user=_user(user)))


async def list_mailboxes(call: Call) -> Answer:
    """The mailboxes the caller may read."""
    addresses = await call.request.app[SHARED_MAILBOXES].shared_with(call.user)
    owners = [await call.services.crm.user(address) for address in addresses]
    items = [DemoMailbox(address=call.user.email, name=call.user.name)]
    for address, owner in zip(addresses, owners, strict=True):
        items.append(DemoMailbox(address=address, name=owner.name if owner else address))
    return Answer(DemoMailboxes(items=items))


async def list_messages(call: Call, query: MessagesQuery) -> Answer:
    """A mailbox the caller may read."""
    mailbox = choose_mailbox(call.user, query.mailbox)
    page = await call.services.mail.latest(mailbox, query.cursor, query.limit)
    return Answer(DemoMessages(items=[_message(message) for message in page.items], next=page.next))


async def read_message(call: Call, email_id: Id, query: MailboxQuery) -> Answer:
    """A message of a mailbox the caller may read, with its words."""
    mailbox = choose_mailbox(call.user, query.mailbox)
    found = await call.services.mail.find(mailbox, [email_id])
    if email_id not in found:
        raise NotFound("unknown_email")
    body = await call.services.mail.body(mailbox, email_id)
    fields = _message(found[email_id]).model_dump()
    return Answer(DemoOpenMessage(**fields, html=body.html, text=body.text))


def _user(user: User) -> DemoUser:
    return DemoUser(id=user.id, name=user.name, email=user.email)


def _message(message: Message) -> DemoMessage:
    return DemoMessage(
        id=message.email_id,
        internet_message_id=message.internet_message_id,
        conversation_id=message.conversation_id,
        subject=message.subject,
        at=message.at,
        sender=message.sender,
        sender_name=message.sender_name,
        to=list(message.to),
        cc=list(message.cc),
        attachments=[
            DemoAttachment(
                id=file.id,
                name=file.name,
                size=file.size,
                content_type=file.content_type,
                is_inline=file.is_inline,
            )
            for file in message.attachments
        ],
    )
