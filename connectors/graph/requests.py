"""The reads of a mailbox as calls: only what is needed of each message, and its flags with it."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import idna

from connectors.graph.calls import Call, get, path_of
from connectors.graph.instants import to_text
from insights.mail.addresses import RelationKey, relation_key

if TYPE_CHECKING:
    from msgraph.graph_service_client import GraphServiceClient

SENSITIVITY, MESSAGE_CLASS = "Integer 0x0036", "String 0x001A"
IN_REPLY_TO, REFERENCES = "String 0x1042", "String 0x1039"
HEADERS = "String {00020386-0000-0000-C000-000000000046} Name "
LABELS, CONTENT_CLASS = f"{HEADERS}msip_labels", f"{HEADERS}content-class"
PROPERTIES = (SENSITIVITY, MESSAGE_CLASS, IN_REPLY_TO, REFERENCES, LABELS, CONTENT_CLASS)
SUMMARY = (
    "id",
    "internetMessageId",
    "conversationId",
    "subject",
    "from",
    "sender",
    "toRecipients",
    "ccRecipients",
    "bccRecipients",
    "sentDateTime",
    "receivedDateTime",
    "parentFolderId",
    "hasAttachments",
    "isDraft",
    "isRead",
)
BASIC = (
    "id",
    "internetMessageId",
    "conversationId",
    "from",
    "sender",
    "toRecipients",
    "ccRecipients",
    "sentDateTime",
    "receivedDateTime",
    "parentFolderId",
    "isDraft",
)
"""What headers take of what `Mail.ReadBasic` gives, which is no body, preview, file or extended property."""
WHOLE = (*SUMMARY, "internetMessageHeaders")
"""With all headers, ten times as large: for messages that are about to be shown or tracked one by one."""
FILES = ("id", "name", "contentType", "size", "isInline")
CONTENT_ID = "microsoft.graph.fileAttachment/contentId"
PROPERTY_FILTER = " or ".join(f"id eq '{each}'" for each in PROPERTIES)
EXPAND = (
    f"singleValueExtendedProperties($filter={PROPERTY_FILTER})",
    f"attachments($select={','.join(FILES)})",
)
ADDRESSES_PER_SEARCH = 15
MOST_PER_PAGE = 1000
HEADERS_PER_PAGE, FOLDERS_PER_PAGE = 500, 250
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
OUTSIDE = ("deleteditems", "junkemail")
"""Folders whose messages do not count, by their well-known names."""


def search(
    sdk: "GraphServiceClient",
    owner: str,
    addresses: Sequence[RelationKey],
    *,
    since: date | None,
    until: date | None,
    top: int,
) -> Call:
    """Messages with one of up to 15 addresses, newest sent first; days are inclusive.

    It matches more than whole addresses, and lacks what came within the last minutes.
    """
    terms = " OR ".join(f"participants:{term}" for address in addresses for term in _spellings(address))
    query = f"({terms})"
    query += f" AND received>={since.isoformat()}" if since else ""
    query += f" AND received<={until.isoformat()}" if until else ""
    quoted = query.replace("\\", "\\\\").replace('"', '\\"')
    builder = sdk.users.by_user_id(owner).messages
    return get(builder, search=f'"{quoted}"', select=SUMMARY, expand=EXPAND, top=min(top, MOST_PER_PAGE))


def listing(
    sdk: "GraphServiceClient", owner: str, *, since: datetime | None, until: datetime | None, top: int
) -> Call:
    """All messages received in a time, newest first."""
    bounds = [f"receivedDateTime ge {to_text(since or EARLIEST)}"]
    bounds += [f"receivedDateTime le {to_text(until)}"] if until else []
    return get(
        sdk.users.by_user_id(owner).messages,
        filter=" and ".join(bounds),
        orderby="receivedDateTime desc",
        select=SUMMARY,
        expand=EXPAND,
        top=min(top, MOST_PER_PAGE),
    )


def matching(sdk: "GraphServiceClient", owner: str, name: str, value: str, *, top: int = 50) -> Call:
    """Messages by an exact property, with their headers, in no order."""
    quoted = value.replace("'", "''")
    builder = sdk.users.by_user_id(owner).messages
    return get(builder, filter=f"{name} eq '{quoted}'", select=WHOLE, expand=EXPAND, top=top)


def message(sdk: "GraphServiceClient", owner: str, message_id: str, *, select: Sequence[str] = WHOLE) -> Call:
    """One message by Graph's id."""
    builder = sdk.users.by_user_id(owner).messages.by_message_id(message_id)
    return get(builder, select=select, expand=EXPAND) if select is WHOLE else get(builder, select=select)


def headers(sdk: "GraphServiceClient", owner: str, *, since: datetime, until: datetime) -> Call:
    """Headers of what was received in a time, oldest first."""
    return get(
        sdk.users.by_user_id(owner).messages,
        filter=f"receivedDateTime ge {to_text(since)} and receivedDateTime lt {to_text(until)}",
        orderby="receivedDateTime",
        select=BASIC,
        top=HEADERS_PER_PAGE,
    )


def folders(sdk: "GraphServiceClient", owner: str) -> Call:
    """All folders in one list, whatever they lie in: a delta that is not gone on with."""
    builder = sdk.users.by_user_id(owner).mail_folders.delta
    return get(builder, prefer=f"odata.maxpagesize={FOLDERS_PER_PAGE}", select=("id", "parentFolderId"))


def changes(
    sdk: "GraphServiceClient", owner: str, folder_id: str, *, query: str, since: datetime | None, top: int
) -> Call:
    """The ids of what has changed in a folder: the page that a query names, else the first.

    Ids alone, for of a message that was only read since Graph tells that and nothing else.
    """
    builder = sdk.users.by_user_id(owner).mail_folders.by_mail_folder_id(folder_id).messages.delta
    first = {"$select": "id"} | ({"$filter": f"receivedDateTime ge {to_text(since)}"} if since else {})
    call = get(builder, prefer=f"odata.maxpagesize={top}", query=first)
    return replace(call, url=f"{path_of(builder)}?{query}") if query else call


def folder(sdk: "GraphServiceClient", owner: str, name: str) -> Call:
    """A folder by its well-known name, and those inside it; ids only."""
    builder = sdk.users.by_user_id(owner).mail_folders.by_mail_folder_id(name)
    return get(builder, select=("id",), expand=("childFolders($select=id)",))


def attachments(sdk: "GraphServiceClient", owner: str, message_id: str) -> Call:
    """The files of a message without their bytes."""
    builder = sdk.users.by_user_id(owner).messages.by_message_id(message_id).attachments
    return get(builder, select=(*FILES, CONTENT_ID))


def in_groups(addresses: Iterable[str]) -> list[list[RelationKey]]:
    """The addresses, each once, in as many groups as there have to be searches."""
    keys = list(dict.fromkeys(key for address in addresses if (key := relation_key(address))))
    return [keys[start : start + ADDRESSES_PER_SEARCH] for start in range(0, len(keys), ADDRESSES_PER_SEARCH)]


def _spellings(key: RelationKey) -> list[str]:
    """How an address is looked for: with an international domain in both of its forms."""
    local, _, domain = key.rpartition("@")
    domains = [domain]
    if "xn--" in domain:
        with suppress(idna.IDNAError):
            domains.append(idna.decode(domain))
    return list(dict.fromkeys(_term(f"{local}@{each}") for each in domains))


def _term(address: str) -> str:
    """A value of Keyword Query Language; quoted where it holds what means something there."""
    plain = address.replace('"', " ").replace("\\", " ")
    return plain if all(each.isalnum() or each in "@.-_+'" for each in plain) else f'"{plain}"'
