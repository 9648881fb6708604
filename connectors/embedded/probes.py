"""What the embedded CRM, mail server and directory answer `liaison doctor`: they need nothing granted."""

from collections.abc import Awaitable, Callable, Mapping

from insights.database import Database
from insights.model import MET, Finding
from insights.requirements.table import CRM_ONLINE, ENTRA_SIGN_IN, EXCHANGE_ONLINE, permission_name
from insights.scopes import permissions
from insights.words import say

Probes = Mapping[str, Callable[[], Awaitable[Finding]]]


def crm_probes(database: Database) -> Probes:
    """The embedded CRM counts as online; it acts for its users without an application user."""
    needed = ("crm_application_user", "crm_act_on_behalf", "action_card_privileges")
    return {CRM_ONLINE: _met, "crm_reachable": _answers(database), **dict.fromkeys(needed, _met)}


def mail_probes(database: Database) -> Probes:
    """The embedded mail server counts as Exchange Online and asks for no permission."""
    names = [permission_name("delegated", permission) for permission in permissions("delegated")]
    names += [permission_name("exchange", permission) for permission in permissions("exchange")]
    return {EXCHANGE_ONLINE: _met, "mail_reachable": _answers(database), **dict.fromkeys(names, _met)}


def directory_probes() -> Probes:
    """Tokens of our own serve the API and the demo; Outlook and Teams sign people in with Entra."""
    roles = [permission_name("entra", permission) for permission in permissions("entra")]
    return {ENTRA_SIGN_IN: _no_entra, **dict.fromkeys(roles, _met)}


async def _met() -> Finding:
    return MET


async def _no_entra() -> Finding:
    return Finding("not met", say("why.embedded_directory_use_signs_by"))


def _answers(database: Database) -> Callable[[], Awaitable[Finding]]:
    async def look() -> Finding:
        await database.check()
        return MET

    return look
