"""An activity as it comes in, read from JSON that anybody may have written.

Names are those of the Bot Framework activity schema. Ids are strings of any form.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from bot.richtext import Mention, read_richtext
from insights.errors import Invalid
from insights.outside import read_address, read_json
from insights.words import Said, say

LONGEST_ID = 1000
LONGEST_TEXT = 30_000
DEEPEST = 100
HTML = "text/html"


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody in a conversation; `aad_object_id` is the Entra object id, "" where Teams left it out."""

    id: str
    name: str = ""
    aad_object_id: str = ""


@dataclass(frozen=True, slots=True)
class Incoming:
    """What of an activity matters to us; `value` is whatever JSON the client sent.

    `text` is as it came, as HTML where that is all there is. `shares` tells that a card or file came along,
    beside the text itself as HTML. `base_url` is the address at which the sender reached us, for links to our
    own pages. `service_url` is put together anew from its parts; `tenant_ids` are all that the activity names
    as the tenant.
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
    mentions: tuple[Mention, ...] = ()
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
        """The text in plain words, without the mention of the bot that a group chat needs."""
        own = Mention(self.recipient.id, self.recipient.name, "")
        return read_richtext(self.text, self.mentions, own)


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
        text=_text(body, "text", longest=LONGEST_TEXT) or _html(body),
        locale=_text(body, "locale"),
        action=_text(body, "action"),
        reply_to_id=_text(body, "replyToId"),
        tenant_ids=tuple(filter(None, (_text(conversation, "tenantId"), _tenant(body)))),
        mentions=tuple(_mentions(body)),
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
        raise _invalid(say("why.no_json_text")) from None
    if not isinstance(body, dict):
        raise _invalid(say("why.no_json_object"))
    return body


def _clean(value: Any, depth: int = 0) -> Any:
    """The JSON with texts that can be stored and sent on: half a character (a lone surrogate) is replaced."""
    if depth > DEEPEST:
        raise _invalid(say("why.nested_too_deep"))
    if isinstance(value, str):
        if "\0" in value:
            raise _invalid(say("why.text_holds_character_u_0000"))
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
        raise _invalid(say("why.serviceurl_no_plain_http_address"))
    return str(address)


def _account(value: Mapping[str, Any]) -> Account:
    return Account(_text(value, "id"), _text(value, "name"), _text(value, "aadObjectId"))


def _tenant(body: Mapping[str, Any]) -> str:
    return _text(_object(_object(body, "channelData"), "tenant"), "id")


def _members(body: Mapping[str, Any], name: str) -> tuple[str, ...]:
    members = body.get(name) or []
    if not isinstance(members, list) or not all(isinstance(member, dict) for member in members):
        raise _invalid(say("why.no_list_accounts", name=name))
    return tuple(_text(member, "id") for member in members)


def _shares(body: Mapping[str, Any]) -> bool:
    return any(each.get("contentType") != HTML for each in _objects(body, "attachments"))


def _html(body: Mapping[str, Any]) -> str:
    """The text where it came as an HTML attachment only."""
    found = (each.get("content") for each in _objects(body, "attachments") if each.get("contentType") == HTML)
    text = next((content for content in found if isinstance(content, str)), "")
    return text if len(text) <= LONGEST_TEXT else ""


def _mentions(body: Mapping[str, Any]) -> Iterator[Mention]:
    for entity in _objects(body, "entities"):
        mentioned = entity.get("mentioned")
        if entity.get("type") == "mention" and isinstance(mentioned, dict):
            text = _text(entity, "text", longest=LONGEST_TEXT)
            yield Mention(_text(mentioned, "id"), _text(mentioned, "name"), text)


def _objects(body: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """The objects of a list that may hold anything, or be none."""
    listed = body.get(name)
    return [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []


def _object(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = body.get(name) or {}
    if not isinstance(value, dict):
        raise _invalid(say("why.no_object", name=name))
    return value


def _text(body: Mapping[str, Any], name: str, *, needed: bool = False, longest: int = LONGEST_ID) -> str:
    value = body.get(name)
    value = "" if value is None else value
    if not isinstance(value, str):
        raise _invalid(say("why.no_text", name=name))
    if needed and not value:
        raise _invalid(say("why.missing", name=name))
    if len(value) > longest:
        raise _invalid(say("why.longer_than_characters", name=name, longest=longest))
    return value


def _invalid(why: Said) -> Invalid:
    return Invalid("bad_activity", why=why)
