"""What a client is told of messages and folders, as it asked for it."""

from urllib.parse import quote

from tests.standins.graph.bodies import render_body
from tests.standins.graph.folders import Folder
from tests.standins.graph.mailbox import Mailbox
from tests.standins.graph.message import StoredMessage, normal_property_id
from tests.standins.graph.query import Query, selected
from tests.standins.graph.wire import Call, Json

NOT_BASIC = frozenset({"body", "bodyPreview", "uniqueBody"})
RELATED = frozenset(
    {"attachments", "extensions", "singleValueExtendedProperties", "multiValueExtendedProperties"}
)
"""What `Mail.ReadBasic` gives as little as a body."""


def id_for(call: Call, message: StoredMessage) -> str:
    """The id of the preferred kind."""
    return message.immutable_id if call.wants_immutable_ids else message.id


def render_message(call: Call, query: Query, message: StoredMessage, *, overhead: int = 0) -> Json:
    """A message with what was selected and expanded; headers only when selected, and only if it has any."""
    values = message.values
    told: Json = {"@odata.etag": f'W/"{values["changeKey"]}"', "id": id_for(call, message)}
    told |= values | {"parentFolderId": message.folder_id, "webLink": web_link(message)}
    if not query.select or {"body", "uniqueBody"} & set(query.select):
        told["body"] = render_body(values["body"], as_text=call.wants_text)
    if "uniqueBody" in query.select:
        told["uniqueBody"] = told["body"]
    if "internetMessageHeaders" not in query.select or not values["internetMessageHeaders"]:
        del told["internetMessageHeaders"]
    if call.is_basic:
        told = {name: value for name, value in told.items() if name not in NOT_BASIC}
    told = selected(told, query.select)
    if "attachments" in query.expand and not call.is_basic:
        told["attachments"] = [attachment.to_json(overhead=overhead) for attachment in message.attachments]
    properties = render_extended(query, message)
    if properties and not call.is_basic:
        told["singleValueExtendedProperties"] = properties
    return told


def render_extended(query: Query, message: StoredMessage) -> list[Json]:
    """The extended properties asked for by id, those that the message has, in the asker's spelling."""
    asked = query.expanded_property_ids("singleValueExtendedProperties")
    return [
        {"id": property_id, "value": message.extended[normal_property_id(property_id)]}
        for property_id in asked
        if normal_property_id(property_id) in message.extended
    ]


def filterable(message: StoredMessage, paths: list[str] | None = None) -> Json:
    """The message as `$filter` and `$orderby` see it; extended properties only if among the `paths`."""
    values = message.values | {"parentFolderId": message.folder_id}
    if paths and "singleValueExtendedProperties" in paths:
        properties = [{"id": name, "value": value} for name, value in message.extended.items()]
        values["singleValueExtendedProperties"] = properties
    return values


def passes(query: Query, message: StoredMessage) -> bool:
    """Whether the message is one of those that `$filter` lets through."""
    return query.filter is None or query.filter.matches(filterable(message, query.filter.paths))


def web_link(message: StoredMessage) -> str:
    """Where Outlook on the web shows it."""
    item = quote(message.id, safe="")
    return f"https://outlook.office365.com/owa/?ItemID={item}&exvsurl=1&viewmodel=ReadMessageItem"


def render_folder(mailbox: Mailbox, folder: Folder) -> Json:
    """A folder with its counts."""
    inside = list(mailbox.in_folder(folder.id))
    return {
        "id": folder.id,
        "displayName": folder.display_name,
        "parentFolderId": folder.parent_id or None,
        "childFolderCount": sum(each.parent_id == folder.id for each in mailbox.folders.values()),
        "unreadItemCount": sum(not message.values["isRead"] for message in inside),
        "totalItemCount": len(inside),
        "isHidden": folder.is_hidden,
    }
