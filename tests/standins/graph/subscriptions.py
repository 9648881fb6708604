"""`/subscriptions`: validated at birth, renewed, ended."""

import ipaddress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import uuid4

import aiohttp

from tests.standins.graph.access import Grant
from tests.standins.graph.errors import GraphError
from tests.standins.graph.query import page_of, read_query
from tests.standins.graph.schema import SchemaViolation
from tests.standins.graph.times import read_time, to_text
from tests.standins.graph.users import User
from tests.standins.graph.wire import Answer, Call, Json, split_url

if TYPE_CHECKING:
    from tests.standins.graph.server import GraphStandin

SUBSCRIPTION = "subscription"
CHANGES = frozenset({"created", "updated", "deleted"})
REQUIRED = ("changeType", "notificationUrl", "resource", "expirationDateTime")
VALIDATION_SECONDS = 10


@dataclass(eq=False)
class Subscription:
    """Who is told of which changes; `folder_id` "" is the whole mailbox."""

    values: Json
    user: User
    folder_id: str
    owner: Grant
    is_immutable: bool

    @property
    def id(self) -> str:
        """The subscription's id."""
        return str(self.values["id"])

    @property
    def changes(self) -> set[str]:
        """The kinds of change told."""
        return set(self.values["changeType"].split(","))

    def is_alive(self, now: datetime) -> bool:
        """Whether it has not run out."""
        return read_time(self.values["expirationDateTime"]) > now


async def create_subscription(graph: "GraphStandin", call: Call) -> Answer:
    """A new subscription once its URLs have echoed a token; a lifetime too long is cut."""
    given = call.json()
    _check(graph, given)
    user, folder_id = _resource(graph, call, given["resource"])
    for name in ("notificationUrl", "lifecycleNotificationUrl"):
        if given.get(name):
            await _validate(given[name])
    subscription_id = str(uuid4())
    values = {
        "id": subscription_id,
        "resource": given["resource"],
        "applicationId": call.grant.app_id,
        "changeType": ",".join(part.strip() for part in given["changeType"].lower().split(",")),
        "clientState": given.get("clientState"),
        "notificationUrl": given["notificationUrl"],
        "lifecycleNotificationUrl": given.get("lifecycleNotificationUrl"),
        "expirationDateTime": _expiration(graph, given["expirationDateTime"]),
        "creatorId": call.grant.user_id or call.grant.app_id,
        "latestSupportedTlsVersion": given.get("latestSupportedTlsVersion", "v1_2"),
        "includeResourceData": False,
    }
    graph.subscriptions[subscription_id] = Subscription(
        values, user, folder_id, call.grant, call.wants_immutable_ids
    )
    context = {"@odata.context": f"{call.base_url}/$metadata#subscriptions/$entity"}
    return Answer(201, context | values, SUBSCRIPTION)


def list_subscriptions(graph: "GraphStandin", call: Call) -> Answer:
    """The asker's subscriptions."""
    query = read_query(call, graph.schema, SUBSCRIPTION, top=100, is_outlook=False)
    told = [each.values for each in graph.subscriptions.values() if _is_own(graph, call, each)]
    return Answer(200, page_of(call, query, told, "subscriptions"), f"Collection({SUBSCRIPTION})")


def get_subscription(graph: "GraphStandin", call: Call) -> Answer:
    """One subscription."""
    return Answer(200, _found(graph, call).values, SUBSCRIPTION)


def renew_subscription(graph: "GraphStandin", call: Call) -> Answer:
    """A later end; nothing else can be changed."""
    found, given = _found(graph, call), call.json()
    if set(given) - {"expirationDateTime", "@odata.type"} or "expirationDateTime" not in given:
        raise GraphError(400, "InvalidRequest", "Only expirationDateTime can be updated.")
    _check_time(given["expirationDateTime"])
    found.values["expirationDateTime"] = _expiration(graph, given["expirationDateTime"])
    graph.notifications.paused.discard(found.id)
    return Answer(200, found.values, SUBSCRIPTION)


def reauthorize_subscription(graph: "GraphStandin", call: Call) -> Answer:
    """Go on as before after `reauthorizationRequired`."""
    graph.notifications.paused.discard(_found(graph, call).id)
    return Answer(204)


def delete_subscription(graph: "GraphStandin", call: Call) -> Answer:
    """End a subscription."""
    del graph.subscriptions[_found(graph, call).id]
    return Answer(204)


def _check(graph: "GraphStandin", given: Json) -> None:
    try:
        graph.schema.check(SUBSCRIPTION, given)
    except SchemaViolation as error:
        message = (
            "Could not process subscription creation payload. Are all property names spelled and camelCased "
            f"properly? Details: {error}"
        )
        raise GraphError(400, "InvalidRequest", message) from error
    for name in REQUIRED:
        if not given.get(name):
            raise GraphError(
                400, "InvalidRequest", f"{name} is a required property for subscription creation"
            )
    if {part.strip() for part in given["changeType"].lower().split(",")} - CHANGES:
        raise GraphError(400, "InvalidRequest", f"Invalid changeType: '{given['changeType']}'.")
    if len(given.get("clientState") or "") > 128:
        raise GraphError(400, "InvalidRequest", "clientState must not be longer than 128 characters.")
    _check_time(given["expirationDateTime"])
    for name in ("notificationUrl", "lifecycleNotificationUrl"):
        if given.get(name) and not _is_allowed(given[name]):
            raise GraphError(400, "InvalidRequest", f"The {name} must be a valid https URL.")


def _check_time(text: object) -> None:
    try:
        read_time(str(text))
    except ValueError as error:
        raise GraphError(400, "InvalidRequest", "The expirationDateTime is malformed.") from error


def _is_allowed(url: str) -> bool:
    """https anywhere; http on loopback, where this stand-in runs."""
    parts = urlsplit(url)
    try:
        is_local = ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        is_local = parts.hostname == "localhost"
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and is_local))


def _expiration(graph: "GraphStandin", text: str) -> str:
    wanted, now = read_time(text), graph.now()
    if wanted <= now:
        raise GraphError(400, "InvalidRequest", "Subscription expiration must be in the future.")
    return to_text(min(wanted, now + graph.subscription_lifetime))


def _resource(graph: "GraphStandin", call: Call, resource: str) -> tuple[User, str]:
    """(Whose mailbox, folder or ""); raises the service's refusals."""
    segments, _ = split_url(f"/{resource.lstrip('/')}")
    lower = [segment.lower() for segment in segments]
    name = call.grant.user_id or "" if lower[:1] == ["me"] else [*segments, "", ""][1]
    rest = segments[1:] if lower[:1] == ["me"] else segments[2:]
    user = graph.directory.find(name)
    kind = [segment.lower() for segment in rest]
    if (
        lower[:1] not in (["me"], ["users"])
        or user is None
        or user.mailbox is None
        or kind[-1:] != ["messages"]
    ):
        raise GraphError(
            400, "ExtensionError", f"Operation: Create; Exception: [Resource '{resource}' not found]"
        )
    if call.grant.user_id not in {None, user.id}:
        raise _forbidden()
    if not {"Mail.Read", "Mail.ReadBasic", "Mail.ReadWrite", "Mail.ReadBasic.All"} & call.grant.scopes:
        raise _forbidden()
    is_in_folder = len(rest) == 3 and kind[0] == "mailfolders"
    return user, user.mailbox.folder(rest[1]).id if is_in_folder else ""


def _forbidden() -> GraphError:
    message = (
        "Operation: Create; Exception: [Status Code: Forbidden; Reason: Access is denied. "
        "Check credentials and try again.]"
    )
    return GraphError(403, "ExtensionError", message)


async def _validate(url: str) -> None:
    token = f"Validation: Testing client application reachability for subscription Request-Id: {uuid4()}"
    timeout = aiohttp.ClientTimeout(total=VALIDATION_SECONDS)
    failed = "Subscription validation request failed. "
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.post(
                url,
                params={"validationToken": token},
                headers={"Content-Type": "text/plain; charset=utf-8"},
                allow_redirects=False,
            ) as response,
        ):
            if response.status != 200:
                reason = "Notification endpoint must respond with 200 OK to validation request."
                raise GraphError(400, "ValidationError", failed + reason)
            if await response.text() != token or response.content_type != "text/plain":
                reason = "Response must exactly match validationToken query parameter."
                raise GraphError(400, "ValidationError", failed + reason)
    except TimeoutError as error:
        raise GraphError(400, "ValidationError", "Subscription validation request timed out.") from error
    except aiohttp.ClientError as error:
        raise GraphError(400, "ValidationError", failed + "Connection failure.") from error


def _is_own(graph: "GraphStandin", call: Call, subscription: Subscription) -> bool:
    owner = subscription.owner
    is_same = (owner.app_id, owner.user_id) == (call.grant.app_id, call.grant.user_id)
    return is_same and subscription.is_alive(graph.now())


def _found(graph: "GraphStandin", call: Call) -> Subscription:
    found = graph.subscriptions.get(call.keys["subscription"])
    if found is None or not _is_own(graph, call, found):
        raise GraphError(404, "ResourceNotFound", "The object was not found.")
    return found
