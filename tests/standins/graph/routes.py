"""The table of every path: method, segments, handler, scopes. `user` stands for `me` and `users/{id}`."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.standins.graph import (
    access,
    attachments,
    calendar,
    delta,
    directory,
    folder_delta,
    mail_folders,
    messages,
    sending,
    settings,
    subscriptions,
    todo,
)
from tests.standins.graph.access import Permission
from tests.standins.graph.errors import GraphError, no_such_segment
from tests.standins.graph.wire import Answer, Call

if TYPE_CHECKING:
    from tests.standins.graph.server import GraphStandin

Handler = Callable[["GraphStandin", Call], Answer | Awaitable[Answer]]


@dataclass(frozen=True)
class Route:
    """One path with one method; `{name}` in it takes any segment."""

    method: str
    path: tuple[str, ...]
    handler: Handler
    permission: Permission

    def match(self, segments: list[str]) -> dict[str, str] | None:
        """The keys in the path, or None if it is another path; names are case-insensitive."""
        if len(segments) != len(self.path):
            return None
        keys = {}
        for expected, segment in zip(self.path, segments, strict=True):
            if expected.startswith("{"):
                keys[expected[1:-1]] = segment
            elif expected.lower() != segment.lower():
                return None
        return keys


def route(method: str, path: str, handler: Handler, permission: Permission) -> Route:
    """A row of the table."""
    return Route(method, tuple(path.split("/")), handler, permission)


MESSAGE, FOLDER = "user/messages/{message}", "user/mailFolders/{folder}"
ROUTES = (
    route("GET", "user", directory.get_user, access.USERS),
    route("GET", "users", directory.list_users, access.USERS),
    *(
        route("GET", f"user/{name}{end}", directory.list_memberships, access.MEMBERSHIPS)
        for name in ("memberOf", "transitiveMemberOf")
        for end in ("", "/microsoft.graph.group", "/graph.group")
    ),
    *(
        route("GET", f"groups/{{group}}/transitiveMembers{end}", directory.list_members, access.MEMBERSHIPS)
        for end in ("/microsoft.graph.user", "/graph.user")
    ),
    route("POST", "user/getMemberGroups", directory.list_member_groups, access.MEMBERSHIPS),
    route("GET", "user/people", directory.list_people, access.PEOPLE),
    route("GET", "domains", directory.list_domains, access.DOMAINS),
    route("GET", "organization", directory.list_organization, access.ORGANIZATION),
    route("GET", "user/messages", messages.list_messages, access.MAIL_BASIC),
    route("GET", "user/messages/$count", messages.count_messages, access.MAIL_BASIC),
    route("GET", "user/messages/delta", delta.refuse_delta, access.MAIL_BASIC),
    route("POST", "user/messages", messages.create_message, access.MAIL_WRITE),
    route("GET", MESSAGE, messages.get_message, access.MAIL_BASIC),
    route("PATCH", MESSAGE, messages.update_message, access.MAIL_WRITE),
    route("DELETE", MESSAGE, messages.delete_message, access.MAIL_WRITE),
    route("GET", f"{MESSAGE}/$value", messages.get_message_mime, access.MAIL_READ),
    route("POST", f"{MESSAGE}/move", messages.move_message, access.MAIL_WRITE),
    route("POST", f"{MESSAGE}/copy", messages.copy_message, access.MAIL_WRITE),
    route("POST", f"{MESSAGE}/send", sending.send_draft, access.MAIL_SEND),
    route("POST", "user/sendMail", sending.send_mail, access.MAIL_SEND),
    route("GET", f"{MESSAGE}/attachments", attachments.list_attachments, access.MAIL_READ),
    route("POST", f"{MESSAGE}/attachments", attachments.add_attachment, access.MAIL_WRITE),
    route(
        "POST",
        f"{MESSAGE}/attachments/createUploadSession",
        attachments.create_upload_session,
        access.MAIL_WRITE,
    ),
    route("GET", f"{MESSAGE}/attachments/{{attachment}}", attachments.get_attachment, access.MAIL_READ),
    route(
        "DELETE", f"{MESSAGE}/attachments/{{attachment}}", attachments.delete_attachment, access.MAIL_WRITE
    ),
    route(
        "GET",
        f"{MESSAGE}/attachments/{{attachment}}/$value",
        attachments.get_attachment_content,
        access.MAIL_READ,
    ),
    route("GET", "user/mailFolders", mail_folders.list_folders, access.MAIL_BASIC),
    route("GET", "user/mailFolders/delta", folder_delta.list_folder_changes, access.MAIL_BASIC),
    route("POST", "user/mailFolders", mail_folders.create_folder, access.MAIL_WRITE),
    route("GET", FOLDER, mail_folders.get_folder, access.MAIL_BASIC),
    route("GET", f"{FOLDER}/childFolders", mail_folders.list_folders, access.MAIL_BASIC),
    route("POST", f"{FOLDER}/childFolders", mail_folders.create_folder, access.MAIL_WRITE),
    route("GET", f"{FOLDER}/messages", messages.list_messages, access.MAIL_BASIC),
    route("GET", f"{FOLDER}/messages/$count", messages.count_messages, access.MAIL_BASIC),
    route("POST", f"{FOLDER}/messages", messages.create_message, access.MAIL_WRITE),
    route("GET", f"{FOLDER}/messages/delta", delta.list_changes, access.MAIL_BASIC),
    route("GET", f"{FOLDER}/messages/{{message}}", messages.get_message, access.MAIL_BASIC),
    route("GET", "user/mailboxSettings", settings.get_settings, access.SETTINGS_READ),
    route("GET", "user/mailboxSettings/{setting}", settings.get_settings, access.SETTINGS_READ),
    route("PATCH", "user/mailboxSettings", settings.update_settings, access.SETTINGS_WRITE),
    *(
        row
        for prefix in ("user", "user/calendar")
        for row in (
            route("GET", f"{prefix}/calendarView", calendar.list_calendar_view, access.CALENDAR_READ),
            route("GET", f"{prefix}/events", calendar.list_events, access.CALENDAR_READ),
            route("POST", f"{prefix}/events", calendar.create_event, access.CALENDAR_WRITE),
            route("GET", f"{prefix}/events/{{event}}", calendar.get_event, access.CALENDAR_READ),
            route(
                "GET", f"{prefix}/events/{{event}}/instances", calendar.list_instances, access.CALENDAR_READ
            ),
            route("PATCH", f"{prefix}/events/{{event}}", calendar.update_event, access.CALENDAR_WRITE),
            route("DELETE", f"{prefix}/events/{{event}}", calendar.delete_event, access.CALENDAR_WRITE),
        )
    ),
    route("GET", "user/todo/lists", todo.list_lists, access.TASKS_READ),
    route("POST", "user/todo/lists", todo.create_list, access.TASKS_WRITE),
    route("GET", "user/todo/lists/{list}/tasks", todo.list_tasks, access.TASKS_READ),
    route("POST", "user/todo/lists/{list}/tasks", todo.create_task, access.TASKS_WRITE),
    route("GET", "user/todo/lists/{list}/tasks/{task}", todo.get_task, access.TASKS_READ),
    route("PATCH", "user/todo/lists/{list}/tasks/{task}", todo.update_task, access.TASKS_WRITE),
    route("DELETE", "user/todo/lists/{list}/tasks/{task}", todo.delete_task, access.TASKS_WRITE),
    route("GET", "subscriptions", subscriptions.list_subscriptions, access.ANY),
    route("POST", "subscriptions", subscriptions.create_subscription, access.ANY),
    route("GET", "subscriptions/{subscription}", subscriptions.get_subscription, access.ANY),
    route("PATCH", "subscriptions/{subscription}", subscriptions.renew_subscription, access.ANY),
    route("DELETE", "subscriptions/{subscription}", subscriptions.delete_subscription, access.ANY),
    route(
        "POST",
        "subscriptions/{subscription}/reauthorize",
        subscriptions.reauthorize_subscription,
        access.ANY,
    ),
)


def split_user(segments: list[str]) -> tuple[str, list[str]]:
    """(Who is named: "me", an id or address, or "" for nobody; the segments with `user` in their place)."""
    first = segments[0].lower() if segments else ""
    if first == "me":
        return "me", ["user", *segments[1:]]
    if first == "users" and len(segments) > 1:
        return segments[1], ["user", *segments[2:]]
    return "", segments


def find_route(method: str, segments: list[str]) -> tuple[Route, dict[str, str]]:
    """The route of a call and the keys in its path, words before keys; raises the service's 400 and 405."""
    _, path = split_user(segments)
    found = [(each, keys) for each in ROUTES if (keys := each.match(path)) is not None]
    if not found:
        raise no_such_segment(segments[-1] if segments else "")
    allowed = [(each, keys) for each, keys in found if each.method == method]
    if not allowed:
        raise GraphError(
            405, "Request_BadRequest", "Specified HTTP method is not allowed for the request target."
        )
    return min(allowed, key=lambda match: len(match[1]))
