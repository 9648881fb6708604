"""One table of scopes: which permission each feature needs in Microsoft 365 and the CRM, and why.

Nothing is asked for that is not a row here; `docs/scopes.md` shows the table, and a test compares the two.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal

from insights.words import Phrase, say

Kind = Literal["sign-in", "delegated", "exchange", "entra", "dataverse"]
"""Who gives it: both of the first by the consent link, OpenID's own and those of Microsoft Graph for acting
on behalf of people · Exchange's *RBAC for Applications*, for chosen mailboxes, by the script · Entra, to the
app itself, for all of the organisation · a role in the CRM."""
ALWAYS = ""
"""The feature of what is needed whatever is turned on."""


@dataclass(frozen=True, slots=True)
class Scope:
    """A row: `feature` needs `permission`, named as Microsoft names it."""

    feature: str
    permission: str
    kind: Kind
    is_optional: bool = False
    """Whether the feature works without it, with less comfort."""

    @property
    def why(self) -> Phrase:
        """What it is needed for."""
        permission = re.sub(r"\W+", "_", self.permission).lower()
        return say(f"scope.{self.feature or 'always'}.{permission}")


ASSISTANT, CAPTURE, ENGAGEMENT = "relationship_assistant", "auto_capture", "email_engagement"
ANALYTICS, WHO_KNOWS_WHOM = "relationship_analytics", "who_knows_whom"

SCOPES = (
    Scope(ALWAYS, "openid", "sign-in"),
    Scope(ALWAYS, "profile", "sign-in"),
    Scope(ALWAYS, "offline_access", "sign-in"),
    Scope(ALWAYS, "User.Read", "delegated"),
    Scope(ALWAYS, "Application user", "dataverse"),
    Scope(ALWAYS, "prvActOnBehalfOfAnotherUser", "dataverse"),
    Scope(ALWAYS, "Organization.Read.All", "entra"),
    Scope(ALWAYS, "GroupMember.Read.All", "entra", is_optional=True),
    Scope(CAPTURE, "Mail.Read", "delegated"),
    Scope(CAPTURE, "Mail.Read.Shared", "delegated"),
    Scope(CAPTURE, "Application Mail.Read", "exchange", is_optional=True),
    Scope(ASSISTANT, "Mail.Read", "delegated"),
    Scope(ASSISTANT, "Calendars.Read", "delegated"),
    Scope(ASSISTANT, "Tasks.ReadWrite", "delegated"),
    Scope(ASSISTANT, "MailboxSettings.Read", "delegated"),
    Scope(ASSISTANT, "Application Mail.Read", "exchange"),
    Scope(ASSISTANT, "Application Calendars.Read", "exchange"),
    Scope(ASSISTANT, "Application MailboxSettings.Read", "exchange"),
    Scope(ENGAGEMENT, "Mail.ReadWrite", "delegated"),
    Scope(ENGAGEMENT, "Mail.Send", "delegated"),
    Scope(ENGAGEMENT, "Application Mail.Send", "exchange"),
    Scope(ANALYTICS, "Application Mail.ReadBasic", "exchange"),
    Scope(ANALYTICS, "Application Calendars.Read", "exchange"),
    Scope(WHO_KNOWS_WHOM, "Application Mail.ReadBasic", "exchange"),
    Scope(WHO_KNOWS_WHOM, "Application Calendars.Read", "exchange"),
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
