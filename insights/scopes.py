"""One table of scopes: which permission each feature needs in Microsoft 365 and the CRM, and why.

Nothing is asked for that is not a row here; `docs/scopes.md` shows the table, and a test compares the two.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal

Kind = Literal["sign-in", "delegated", "exchange", "entra", "dataverse"]
"""Who gives it: both of the first by the consent link, OpenID's own and those of Microsoft Graph for acting
on behalf of people · Exchange's *RBAC for Applications*, for chosen mailboxes, by the script · Entra, to the
app itself, for all of the organisation · a role in the CRM."""
ALWAYS = ""
"""The feature of what is needed whatever is turned on."""


@dataclass(frozen=True, slots=True)
class Scope:
    """A row: `feature` needs `permission`, named as Microsoft names it, and `why`."""

    feature: str
    permission: str
    kind: Kind
    why: str
    is_optional: bool = False
    """Whether the feature works without it, with less comfort."""


ASSISTANT, CAPTURE, ENGAGEMENT = "relationship_assistant", "auto_capture", "email_engagement"
ANALYTICS, WHO_KNOWS_WHOM = "relationship_analytics", "who_knows_whom"

SCOPES = (
    Scope(ALWAYS, "openid", "sign-in", "people sign in"),
    Scope(ALWAYS, "profile", "sign-in", "the sign-in says which account it is"),
    Scope(ALWAYS, "offline_access", "sign-in", "nobody has to sign in anew every hour"),
    Scope(ALWAYS, "User.Read", "delegated", "to know whose account it is"),
    Scope(
        ALWAYS,
        "Application user",
        "dataverse",
        "Liaison signs in to the CRM as itself and then acts for the person who asks",
    ),
    Scope(
        ALWAYS,
        "prvActOnBehalfOfAnotherUser",
        "dataverse",
        "so that the CRM's own permissions of that person decide what is shown and written",
    ),
    Scope(
        ALWAYS,
        "Organization.Read.All",
        "entra",
        "to know which mail domains are yours, so that nobody takes a colleague for a customer",
    ),
    Scope(
        ALWAYS,
        "GroupMember.Read.All",
        "entra",
        "to turn a feature on for the members of a group first",
        is_optional=True,
    ),
    Scope(CAPTURE, "Mail.Read", "delegated", "to list people their own email, and to copy what they track"),
    Scope(CAPTURE, "Mail.Read.Shared", "delegated", "the same in mailboxes that are shared with them"),
    Scope(
        CAPTURE,
        "Application Mail.Read",
        "exchange",
        "to show people their own email in Teams before they have signed in to Liaison for the first time",
        is_optional=True,
    ),
    Scope(ASSISTANT, "Mail.Read", "delegated", "cards about the reader's own email"),
    Scope(ASSISTANT, "Calendars.Read", "delegated", "cards about the reader's own meetings"),
    Scope(
        ASSISTANT,
        "Tasks.ReadWrite",
        "delegated",
        "cards about tasks in the reader's To Do lists, whose button completes one; nothing else is written",
    ),
    Scope(ASSISTANT, "MailboxSettings.Read", "delegated", "the reader's time zone and working hours"),
    Scope(
        ASSISTANT,
        "Application Mail.Read",
        "exchange",
        "cards and the digest are made in the morning, before their reader signs in",
    ),
    Scope(ASSISTANT, "Application Calendars.Read", "exchange", "today's meetings in the same cards"),
    Scope(ASSISTANT, "Application MailboxSettings.Read", "exchange", "to know when it is morning there"),
    Scope(
        ENGAGEMENT,
        "Mail.ReadWrite",
        "delegated",
        "a draft to be sent later or in separate copies is taken from the mailbox and removed there",
    ),
    Scope(ENGAGEMENT, "Mail.Send", "delegated", "to send followed email as the person who wrote it"),
    Scope(
        ENGAGEMENT,
        "Application Mail.Send",
        "exchange",
        "email to be sent later leaves while its sender is away",
    ),
    Scope(
        ANALYTICS,
        "Application Mail.ReadBasic",
        "exchange",
        "counts who wrote to whom and when: no body, no attachment can be read with it",
    ),
    Scope(ANALYTICS, "Application Calendars.Read", "exchange", "counts meetings"),
    Scope(
        WHO_KNOWS_WHOM,
        "Application Mail.ReadBasic",
        "exchange",
        "the same counts, by colleague: no body, no attachment can be read with it",
    ),
    Scope(WHO_KNOWS_WHOM, "Application Calendars.Read", "exchange", "who met whom"),
)


FEATURES_WITH_SCOPES = tuple(dict.fromkeys(scope.feature for scope in SCOPES if scope.feature))


def permissions(kind: Kind, features: Collection[str] | None = None) -> list[str]:
    """The permissions of a kind that these features need together, each once; None = all features."""
    wanted = (
        scope.permission
        for scope in SCOPES
        if scope.kind == kind and (features is None or scope.feature in {ALWAYS, *features})
    )
    return list(dict.fromkeys(wanted))


def reasons(permission: str, features: Iterable[str] | None = None) -> list[Scope]:
    """The rows of a permission, for all features or for some."""
    wanted = None if features is None else {ALWAYS, *features}
    return [
        scope
        for scope in SCOPES
        if scope.permission == permission and (wanted is None or scope.feature in wanted)
    ]
