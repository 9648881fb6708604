"""An activity as it comes in, read from JSON that anybody may have written.

Names are those of the Bot Framework activity schema. Ids are strings of any form.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from insights.errors import Invalid
from insights.outside import read_address, read_json

LONGEST_ID = 1000
LONGEST_TEXT = 30_000
DEEPEST = 100
MENTION = re.compile(r"<at[^>]*>.*?</at>", re.IGNORECASE | re.DOTALL)
CARD_MARK = re.compile(r"</?(?:attachment|span)\b[^>]*>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody in a conversation; `aad_object_id` is the Entra object id, "" where Teams left it out."""

    id: str
    name: str = ""
    aad_object_id: str = ""


@dataclass(frozen=True, slots=True)
class Incoming:
    """What of an activity matters to us; `value` is whatever JSON the client sent.

    `shares` tells that a card or file came along, beside the text itself as HTML.
    `base_url` is the address at which the sender reached us, for links to our own pages. `service_url` is put
    together anew from its parts; `tenant_ids` are all that the activity names as the tenant.
    """

    type: str
    service_url: str
    channel_id: str
    conversation_id: str
    sender: Account
    recipient: Account
    base_url: str = ""
    id: str = ""
    name: str = ""
    text: str = ""
    locale: str = ""
    action: str = ""
    reply_to_id: str = ""
    tenant_ids: tuple[str, ...] = ()
    is_group: bool = False
    shares: bool = False
    value: Any = None
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    @property
    def tenant_id(self) -> str:
        """The tenant of the conversation, "" where none is named."""
        return self.tenant_ids[0] if self.tenant_ids else ""

    @property
    def key(self) -> str:
        """The same for each delivery of one activity, "" where it has no id."""
        parts = (self.channel_id, self.conversation_id, self.type, self.id)
        return sha256("\n".join(parts).encode()).hexdigest() if self.id else ""

    @property
    def words(self) -> str:
        """The text without the mentions that a group chat needs and the marks where shared cards stand."""
        text = MENTION.sub(" ", self.text)
        return " ".join((CARD_MARK.sub(" ", text) if self.shares else text).split())


def read_activity(raw: bytes, base_url: str = "") -> Incoming:
    """An activity from a request body; raises Invalid where it is none."""
    body = _read_body(raw)
    conversation = _object(body, "conversation")
    return Incoming(
        type=_text(body, "type", needed=True),
        service_url=_service_url(body),
        channel_id=_text(body, "channelId"),
        conversation_id=_text(conversation, "id", needed=True),
        sender=_account(_object(body, "from")),
        recipient=_account(_object(body, "recipient")),
        base_url=base_url,
        id=_text(body, "id"),
        name=_text(body, "name"),
        text=_text(body, "text", longest=LONGEST_TEXT),
        locale=_text(body, "locale"),
        action=_text(body, "action"),
        reply_to_id=_text(body, "replyToId"),
        tenant_ids=tuple(filter(None, (_text(conversation, "tenantId"), _tenant(body)))),
        is_group=not _is_personal(body, conversation),
        shares=_shares(body),
        value=body.get("value"),
        added=_members(body, "membersAdded"),
        removed=_members(body, "membersRemoved"),
    )


def _read_body(raw: bytes) -> dict[str, Any]:
    try:
        body = _clean(read_json(raw))
    except ValueError:
        raise _invalid("it is no JSON text") from None
    if not isinstance(body, dict):
        raise _invalid("it is no JSON object")
    return body


def _clean(value: Any, depth: int = 0) -> Any:
    """The JSON with texts that can be stored and sent on: half a character (a lone surrogate) is replaced."""
    if depth > DEEPEST:
        raise _invalid("it is nested too deep")
    if isinstance(value, str):
        if "\0" in value:
            raise _invalid("a text holds the character U+0000")
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_clean(name, depth + 1): _clean(part, depth + 1) for name, part in value.items()}
    return [_clean(part, depth + 1) for part in value] if isinstance(value, list) else value


def _is_personal(body: Mapping[str, Any], conversation: Mapping[str, Any]) -> bool:
    """Whether it is somebody's own chat with the bot; in doubt it is not, for others may be reading."""
    kind = _text(conversation, "conversationType")
    if conversation.get("isGroup") or not kind:
        data = _object(body, "channelData")
        is_shared = any(data.get(name) for name in ("team", "channel", "meeting"))
        return not (conversation.get("isGroup") or is_shared or _text(conversation, "id").startswith("19:"))
    return kind.lower() == "personal"


def _service_url(body: Mapping[str, Any]) -> str:
    address = read_address(_text(body, "serviceUrl", needed=True))
    if address is None or not address.is_plain:
        raise _invalid("serviceUrl is no plain http address")
    return str(address)


def _account(value: Mapping[str, Any]) -> Account:
    return Account(_text(value, "id"), _text(value, "name"), _text(value, "aadObjectId"))


def _tenant(body: Mapping[str, Any]) -> str:
    return _text(_object(_object(body, "channelData"), "tenant"), "id")


def _members(body: Mapping[str, Any], name: str) -> tuple[str, ...]:
    members = body.get(name) or []
    if not isinstance(members, list) or not all(isinstance(member, dict) for member in members):
        raise _invalid(f"{name} is no list of accounts")
    return tuple(_text(member, "id") for member in members)


def _shares(body: Mapping[str, Any]) -> bool:
    attachments = body.get("attachments")
    return isinstance(attachments, list) and any(
        isinstance(attachment, dict) and attachment.get("contentType") != "text/html"
        for attachment in attachments
    )


def _object(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = body.get(name) or {}
    if not isinstance(value, dict):
        raise _invalid(f"{name} is no object")
    return value


def _text(body: Mapping[str, Any], name: str, *, needed: bool = False, longest: int = LONGEST_ID) -> str:
    value = body.get(name)
    value = "" if value is None else value
    if not isinstance(value, str):
        raise _invalid(f"{name} is no text")
    if needed and not value:
        raise _invalid(f"{name} is missing")
    if len(value) > longest:
        raise _invalid(f"{name} is longer than {longest} characters")
    return value


def _invalid(why: str) -> Invalid:
    return Invalid("This is no activity of the Bot Framework", why, code="bad_activity")
