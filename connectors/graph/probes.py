"""What Graph answers `liaison doctor`: each permission tried by the least request that needs it.

Roles of Exchange stand in no token, so each is tried on a mailbox. Nothing is read but ids, nothing is
written: the mail that is "sent" has no recipient, which Exchange refuses once it has checked the right.
"""

from collections.abc import Awaitable, Callable, Container, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import jwt

from connectors.graph import requests
from connectors.graph.answers import Answer
from connectors.graph.calls import Call, get, path_of, send
from connectors.graph.client import GraphClient
from connectors.graph.pace import BUDGET_SECONDS, AskAgain, Budget
from connectors.graph.rights import APP, Asker, asker_of, owner_path
from insights.errors import Problem, SignInNeeded, Unavailable
from insights.mail.addresses import mailbox_key
from insights.model import MET, Finding, User
from insights.requirements.checks import nobody_known
from insights.requirements.table import ENTRA_SIGN_IN, EXCHANGE_ONLINE, permission_name
from insights.scopes import permissions
from insights.words import Phrase, say

if TYPE_CHECKING:
    from msgraph.graph_service_client import GraphServiceClient

Look = Callable[[], Awaitable[Finding]]
NO_SUCH_ID = "AAMkAA=="
"""Of a message that is in no mailbox: rights are checked before ids."""
TOO_NEW = say("why.sign_does_not_carry_what")
PASSES = {"Application Mail.Read": {400, 404}, "Application Mail.Send": {400}}
"""What Exchange answers who has the right: there is no such message, there is no recipient."""


def mail_probes(graph: GraphClient, user: User | None) -> Mapping[str, Look]:
    """Of the mail server: whether it answers and is Exchange Online, each delegated permission and role."""
    looks: dict[str, Look] = {
        "mail_reachable": partial(_look_at_reach, graph),
        EXCHANGE_ONLINE: partial(_look_at_exchange, graph, user),
    }
    for permission in permissions("delegated"):
        looks[permission_name("delegated", permission)] = partial(_look_at_scope, graph, user, permission)
    for role in permissions("exchange"):
        looks[permission_name("exchange", role)] = partial(_look_at_role, graph, user, role)
    return looks


def directory_probes(graph: GraphClient, user: User | None) -> Mapping[str, Look]:
    """Of the directory: whether Entra believes the registration, and its roles."""
    looks: dict[str, Look] = {ENTRA_SIGN_IN: partial(_look_at_sign_in, graph)}
    for permission in permissions("entra"):
        looks[permission_name("entra", permission)] = partial(_look_at_entra_role, graph, user, permission)
    return looks


async def _look_at_reach(graph: GraphClient) -> Finding:
    """Any answer will do, a refusal too."""
    call = get((await graph.sdk()).organization, select=("id",))
    try:
        await graph.send(call, Budget(BUDGET_SECONDS))
    except AskAgain as again:
        return Finding("not met", again.problem().cause)
    return MET


async def _look_at_exchange(graph: GraphClient, user: User | None) -> Finding:
    mailbox = _known(user).mailbox
    inbox = (await graph.sdk()).users.by_user_id(owner_path(mailbox)).mail_folders.by_mail_folder_id("inbox")
    answer = await graph.ask(asker_of(mailbox), get(inbox, select=("id",)), Budget(BUDGET_SECONDS))
    if answer.lacks_mailbox:
        return Finding("not met", say("why.mailbox_tried_not_exchange_online"))
    answer.require_ok()
    return MET


async def _look_at_scope(graph: GraphClient, user: User | None, permission: str) -> Finding:
    known = _known(user)
    try:
        grant = await graph.rights.grant(Asker(mailbox_key(known.email), known))
    except SignInNeeded as needed:
        if needed.code == "consent_required":
            return Finding("not met", say("why.nobody_has_agreed_yet"))
        raise
    granted = _words(grant.token, "scp")
    wider = permission.replace(".Read", ".ReadWrite")
    return MET if {permission, wider} & granted else Finding("not met", TOO_NEW)


async def _look_at_role(graph: GraphClient, user: User | None, role: str) -> Finding:
    known, permission = _known(user), role.removeprefix("Application ")
    token = (await graph.rights.grant(APP)).token
    if {permission, f"{permission}.All"} & _words(token, "roles", is_needed=False):
        return Finding("not met", say("why.granted_entra_so_every_mailbox"))
    call = _TRIES[role](await graph.sdk(), owner_path(known.mailbox))
    answer = await graph.ask(Asker(mailbox_key(known.email)), call, Budget(BUDGET_SECONDS))
    if answer.lacks_mailbox:
        raise Unavailable("not_tried.look_at_role")
    return _allowed(answer, say("why.exchange_refuses_mailbox_tried"), passes=PASSES.get(role, ()))


async def _look_at_sign_in(graph: GraphClient) -> Finding:
    """Entra hands the registration a token of its own."""
    try:
        await graph.rights.grant(APP)
    except Unavailable as problem:
        if problem.code == "entra_refused":
            return Finding("not met", problem.cause)
        raise
    return MET


async def _look_at_entra_role(graph: GraphClient, user: User | None, permission: str) -> Finding:
    call = _TRIES[permission](await graph.sdk(), _known(user).object_id)
    answer = await graph.ask(APP, call, Budget(BUDGET_SECONDS))
    return _allowed(answer, say("why.entra_refuses"))


def _known(user: User | None) -> User:
    if user is None:
        raise nobody_known()
    if not user.object_id:
        raise Unavailable("not_tried.known")
    return user


def _allowed(answer: Answer, refused: Phrase, *, passes: Container[int] = ()) -> Finding:
    """Whether the right was there; `passes` are refusals for other reasons, which come after its check."""
    if answer.status == 403:
        return Finding("not met", refused)
    if answer.status not in passes:
        answer.require_ok()
    return MET


def _words(token: str, claim: str, *, is_needed: bool = True) -> set[str]:
    """Scopes (`scp`) or roles (`roles`) in one of our tokens, which only Graph can and has to verify.

    Raises Unavailable where a token does not tell.
    """
    try:
        claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    except jwt.PyJWTError:
        if is_needed:
            raise _unreadable() from None
        return set()
    value = claims.get(claim) or ()
    return set(value.split()) if isinstance(value, str) else set(map(str, value))


def _unreadable() -> Problem:
    return Unavailable("not_tried.unreadable")


def _headers(sdk: "GraphServiceClient", owner: str) -> Call:
    """What headers are asked for, of a time without mail."""
    return requests.headers(sdk, owner, since=requests.EARLIEST, until=requests.EARLIEST)


def _files(sdk: "GraphServiceClient", owner: str) -> Call:
    message = sdk.users.by_user_id(owner).messages.by_message_id(NO_SUCH_ID)
    return get(message.attachments, select=("id",))


def _events(sdk: "GraphServiceClient", owner: str) -> Call:
    return get(sdk.users.by_user_id(owner).events, top=1, select=("id",))


def _settings(sdk: "GraphServiceClient", owner: str) -> Call:
    return get(sdk.users.by_user_id(owner).mailbox_settings, select=("timeZone",))


def _unsendable(sdk: "GraphServiceClient", owner: str) -> Call:
    path = path_of(sdk.users.by_user_id(owner).messages).removesuffix("/messages")
    return send("POST", f"{path}/sendMail", {"message": {"toRecipients": []}, "saveToSentItems": False})


def _organization(sdk: "GraphServiceClient", _object_id: str) -> Call:
    return get(sdk.organization, select=("id",))


def _groups(sdk: "GraphServiceClient", object_id: str) -> Call:
    builder = sdk.users.by_user_id(object_id).transitive_member_of.graph_group
    return get(builder, select=("id",), top=1)


_TRIES: Mapping[str, Callable[["GraphServiceClient", str], Call]] = {
    "Application Mail.ReadBasic": _headers,
    "Application Mail.Read": _files,
    "Application Calendars.Read": _events,
    "Application MailboxSettings.Read": _settings,
    "Application Mail.Send": _unsendable,
    "Organization.Read.All": _organization,
    "GroupMember.Read.All": _groups,
}
