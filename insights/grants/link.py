"""The link by which an administrator of Microsoft 365 grants exactly what the features turned on need."""

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from sqlalchemy import Connection, select

from insights import access, audit
from insights.errors import Invalid
from insights.gate import features_in_use
from insights.grants.state import LIFETIME, State, new_state, read_state, sign_state
from insights.grants.views import GrantItem, Grants, GrantUse
from insights.model import Finding, User
from insights.requirements.examining import examine
from insights.requirements.setup import Setup
from insights.requirements.table import permission_name
from insights.scopes import permissions, reasons
from insights.services import Services
from insights.settings import Settings
from insights.tables import audit as trail
from insights.words import Said, say

RETURN_PATH = "/consent"
GRANTED, REFUSED = "consent_granted", "consent_refused"
SUBJECT = "microsoft 365 permissions, link {}"
STATES = {"met": "granted", "not met": "not granted", "unknown": "unknown"}
ERROR_CODE = re.compile(r"[A-Za-z0-9_.-]{1,64}")
AADSTS = re.compile(r"AADSTS\d{4,8}")


@dataclass(frozen=True, slots=True)
class Return:
    """What Entra says when it sends somebody back from the consent link."""

    state: str
    tenant: str = ""
    admin_consent: str = ""
    error: str = ""
    error_description: str = ""


async def read_grants(services: Services, user: User) -> Grants:
    """The link for what is turned on now, which of it is granted, the latest use; for administrators."""
    await access.require(services, user, admin=True)
    features_on = await services.database.read(features_in_use)
    wanted = wanted_permissions(services.settings, features_on)
    names = {permission_name("delegated", permission): permission for permission in wanted}
    findings = await examine(Setup.of(services, user), only=names)
    reason = _obstacle(services.settings)
    now = services.now()
    return Grants(
        link=None if reason else consent_link(services, user, wanted, now),
        reason=reason,
        valid_until=None if reason else now + LIFETIME,
        permissions=[_grant(permission, findings[name], features_on) for name, permission in names.items()],
        used=await services.database.read(_latest_use),
    )


def wanted_permissions(settings: Settings, features_on: Collection[str]) -> list[str]:
    """The delegated permissions that these features need; of the mailbox none where it is our own."""
    return permissions("delegated", features_on if settings.mail == "graph" else ())


def consent_link(services: Services, user: User, wanted: Collection[str], now: datetime) -> str:
    """The address at Entra that asks an administrator for exactly these delegated permissions."""
    settings = services.settings
    scopes = [*permissions("sign-in"), *(f"{settings.graph_url}/{permission}" for permission in wanted)]
    query = {
        "client_id": settings.entra_client_id,
        "scope": " ".join(scopes),
        "redirect_uri": f"{settings.public_url}{RETURN_PATH}",
        "state": sign_state(new_state(user.id), services.keys, now),
    }
    return f"{settings.entra_authority}/{settings.entra_tenants[0]}/v2.0/adminconsent?{urlencode(query)}"


async def note_return(services: Services, returned: Return, *, is_noted: bool = True) -> GrantUse:
    """Write into the audit trail what came of a link, once per outcome; raises Invalid for a foreign one.

    It proves that the link was used, not what was granted: that is told by the permissions themselves.
    `is_noted` is False where somebody only looks.
    """
    now = services.now()
    state = read_state(returned.state, services.keys, now)
    if not returned.error and returned.tenant.lower() not in services.settings.entra_tenants:
        raise Invalid("foreign_tenant")
    maker = await services.crm.user(state.user_id) or User(state.user_id, state.user_id, "")
    error = _error(returned)
    if is_noted:
        await services.database.write(_note, state, maker, error, now)
    return GrantUse(at=now, made_by=maker.name, is_granted=not error, error=error)


def _obstacle(settings: Settings) -> Said:
    """Why there is no link, "" where there is one."""
    if not settings.has_entra:
        return say("grants.nothing_to_grant")
    if not settings.public_url:
        return say("grants.no_public_url")
    return ""


def _grant(permission: str, finding: Finding, features_on: Collection[str]) -> GrantItem:
    why = [scope.why for scope in reasons(permission, features_on)]
    return GrantItem.model_validate(
        {"permission": permission, "why": why, "state": STATES[finding.state], "cause": finding.cause}
    )


def _error(returned: Return) -> str:
    """Entra's code of a refusal, "" for none; its text is not kept, for it may name people."""
    if not returned.error:
        return "" if returned.admin_consent.lower() == "true" else "no consent"
    error = returned.error if ERROR_CODE.fullmatch(returned.error) else "error"
    number = AADSTS.search(returned.error_description)
    return f"{error} ({number[0]})" if number else error


def _note(connection: Connection, state: State, maker: User, error: str, now: datetime) -> None:
    action, subject = REFUSED if error else GRANTED, SUBJECT.format(state.link_id)
    same = select(trail.c.id).where(
        trail.c.at >= now - LIFETIME, trail.c.action == action, trail.c.subject == subject
    )
    if connection.execute(same).first() is None:
        detail = {"error": error} if error else {}
        audit.add(connection, maker, action, subject, now, on_behalf_of=None, **detail)


def _latest_use(connection: Connection) -> GrantUse | None:
    query = select(trail).where(trail.c.action.in_((GRANTED, REFUSED))).order_by(trail.c.id.desc())
    row = connection.execute(query.limit(1)).mappings().first()
    if row is None:
        return None
    error = json.loads(row["detail"]).get("error", "")
    maker = audit.select_names(connection, [row["user_id"]]).get(row["user_id"], row["user_id"])
    return GrantUse(at=row["at"], made_by=maker, is_granted=not error, error=error)
