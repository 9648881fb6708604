"""Who may do what: tokens, scopes, mailboxes of others."""

import base64
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from uuid import uuid4

from tests.standins.graph.errors import (
    GraphError,
    access_denied,
    bad_request,
    insufficient_privileges,
    invalid_token,
    item_not_found,
)
from tests.standins.graph.users import User
from tests.standins.graph.wire import Call

AUDIENCES = frozenset({"https://graph.microsoft.com", "00000003-0000-0000-c000-000000000000"})
APP_ID = "24d3b144-21ae-4080-943f-7067b395b913"


@dataclass(frozen=True)
class Grant:
    """What a token proves: the user (None = app-only), its scopes or roles, and whom it is for."""

    user_id: str | None
    scopes: frozenset[str]
    audience: str = "https://graph.microsoft.com"
    app_id: str = APP_ID


Authenticate = Callable[[str], Grant | Awaitable[Grant | None] | None]


@dataclass(frozen=True)
class Permission:
    """What a route needs: any of these scopes; Exchange and the directory refuse in different words."""

    scopes: tuple[str, ...]
    is_mail: bool = True
    own: tuple[str, ...] = ()
    """Further scopes that do for the user's own things."""


MAIL_BASIC = Permission(("Mail.ReadBasic", "Mail.ReadBasic.All", "Mail.Read", "Mail.ReadWrite"))
MAIL_READ = Permission(("Mail.Read", "Mail.ReadWrite"))
MAIL_WRITE = Permission(("Mail.ReadWrite",))
MAIL_SEND = Permission(("Mail.Send",))
SETTINGS_READ = Permission(("MailboxSettings.Read", "MailboxSettings.ReadWrite"))
SETTINGS_WRITE = Permission(("MailboxSettings.ReadWrite",))
CALENDAR_READ = Permission(("Calendars.Read", "Calendars.ReadWrite"))
CALENDAR_WRITE = Permission(("Calendars.ReadWrite",))
TASKS_READ = Permission(("Tasks.Read", "Tasks.ReadWrite", "Tasks.Read.All", "Tasks.ReadWrite.All"))
TASKS_WRITE = Permission(("Tasks.ReadWrite", "Tasks.ReadWrite.All"))
PEOPLE = Permission(("People.Read.All",), own=("People.Read",))
_DIRECTORY = ("Directory.Read.All", "Directory.ReadWrite.All")
USERS = Permission(
    ("User.ReadBasic.All", "User.Read.All", "User.ReadWrite.All", *_DIRECTORY),
    is_mail=False,
    own=("User.Read", "User.ReadWrite"),
)
MEMBERSHIPS = Permission(
    ("GroupMember.Read.All", "Group.Read.All", *_DIRECTORY), is_mail=False, own=("User.Read",)
)
DOMAINS = Permission(("Domain.Read.All", *_DIRECTORY), is_mail=False)
ORGANIZATION = Permission(("User.Read", "Organization.Read.All", *_DIRECTORY), is_mail=False)
ANY = Permission((), is_mail=False)


@dataclass
class Tokens:
    """Tokens given out by `issue`, what was revoked since, and whom conditional access stops."""

    known: dict[str, Grant] = field(default_factory=dict)
    revoked: dict[str, frozenset[str]] = field(default_factory=dict)
    """Scopes withdrawn by user id ("" for app-only); an empty set takes the tokens themselves."""
    claims: dict[str, dict[str, object]] = field(default_factory=dict)
    """The claims a user's next token must answer, by user id."""

    def issue(self, user_id: str | None, scopes: frozenset[str], *, audience: str) -> str:
        """A new bearer token."""
        token = f"token.{uuid4().hex}.signature"
        self.known[token] = Grant(user_id, scopes, audience)
        return token

    def find(self, token: str) -> Grant | None:
        """What one of these tokens proves."""
        return self.known.get(token)

    def judge(self, grant: Grant | None) -> Grant:
        """The grant as far as it still stands; raises the service's 401s."""
        if grant is None or grant.audience not in AUDIENCES:
            raise invalid_token(
                "Access token validation failure. Invalid audience." if grant else "Invalid token."
            )
        user_id = grant.user_id or ""
        if user_id in self.claims:
            raise claims_challenge(self.claims[user_id])
        withdrawn = self.revoked.get(user_id)
        if withdrawn is None:
            return grant
        if not withdrawn:
            raise invalid_token("Access token validation failure. The token has been revoked.")
        return Grant(grant.user_id, grant.scopes - withdrawn, grant.audience, grant.app_id)


def claims_challenge(claims: dict[str, object]) -> GraphError:
    """The 401 that a new token with these claims answers."""
    encoded = base64.b64encode(json.dumps(claims).encode()).decode()
    message = (
        "Continuous access evaluation resulted in challenge with result: InteractionRequired and code: "
        "TokenCreatedWithOutdatedPolicies"
    )
    challenge = (
        'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", '
        'client_id="00000003-0000-0000-c000-000000000000", error="insufficient_claims", '
        f'claims="{encoded}", errorDescription="{message}"'
    )
    return GraphError(401, "InvalidAuthenticationToken", message, {"WWW-Authenticate": challenge})


def read_bearer(call_headers: str) -> str:
    """The token of an Authorization header; raises the service's 401."""
    scheme, _, token = call_headers.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise invalid_token("Access token is empty.")
    return token.strip()


def require_delegated(grant: Grant) -> str:
    """The user id behind `/me`; raises the service's 400 for app-only tokens."""
    if grant.user_id is None:
        raise bad_request("/me request is only valid with delegated authentication flow.")
    return grant.user_id


def require_scope(grant: Grant, permission: Permission, *, is_own: bool) -> None:
    """Raise the service's 403 unless the token has one of the scopes; others' mailboxes need `.Shared`."""
    scopes = set(permission.scopes) | (set(permission.own) if is_own else set())
    if permission.is_mail and grant.user_id is not None:
        shared = {f"{scope}.Shared" for scope in scopes}
        scopes = scopes | shared if is_own else shared | {each for each in scopes if each.endswith(".All")}
    if permission is not ANY and not scopes & grant.scopes:
        raise access_denied() if permission.is_mail else insufficient_privileges()


def require_mailbox(call: Call, user: User, application_mailboxes: set[str] | None) -> None:
    """Raise the service's refusal unless the mailbox is one's own, shared, or in the app's scope."""
    grant = call.grant
    if grant.user_id is None:
        if application_mailboxes is not None and not application_mailboxes & ({user.id} | user.names()):
            raise access_denied()
    elif grant.user_id != user.id and user.mailbox and grant.user_id not in user.mailbox.delegates:
        raise item_not_found() if {"message", "folder", "event"} & set(call.keys) else access_denied()
