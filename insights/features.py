"""The features, what each shares with whom, and turning them on and off.

Nothing is on after installation: an administrator accepts the terms and turns features on.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import Connection, select

from insights import access, audit, gate
from insights.database import insert_into
from insights.errors import Conflict
from insights.gate import GROUP, OFF, ON, ROLE, USER, Gate
from insights.model import User
from insights.news import EVERYONE, tell
from insights.pilots import refresh_members
from insights.services import Services
from insights.tables import acceptances
from insights.versions import FEATURES as SUBJECT
from insights.versions import count_change, read_version
from insights.views import (
    Acceptance,
    Audience,
    Features,
    FeaturesBody,
    FeatureState,
    FeaturesView,
    Terms,
)
from insights.words import Phrase, say

TERMS = "terms"
TERMS_VERSION = "2026-11"


@dataclass(frozen=True, slots=True)
class Feature:
    """A row of the table of features; `is_built` is False until it does something.

    `follows_mail` where it wants to know at once what arrives in the mailboxes of its users.
    """

    name: str
    is_built: bool = False
    follows_mail: bool = False

    @property
    def title(self) -> Phrase:
        """What it is called."""
        return say(f"feature.{self.name}.title")

    @property
    def sharing(self) -> Phrase:
        """What data it shares with whom."""
        return say(f"feature.{self.name}.sharing")


FEATURES = (
    Feature("relationship_assistant"),
    Feature("auto_capture", is_built=True, follows_mail=True),
    Feature("email_engagement"),
    Feature("relationship_analytics"),
    Feature("who_knows_whom"),
)


async def read_features(services: Services, user: User) -> FeaturesView:
    """Terms, states and what each feature shares; for administrators."""
    await access.require(services, user, admin=True)
    return await _view(services)


async def read_terms(services: Services, user: User) -> Terms:
    """The terms in their present version and who accepted them; for administrators."""
    await access.require(services, user, admin=True)
    accepted = await _accepted(services)
    return Terms(version=TERMS_VERSION, text=say("terms.text"), accepted=accepted)


async def change_features(services: Services, user: User, body: FeaturesBody) -> FeaturesView:
    """Accept the terms if asked, switch what is named, for whom is named.

    Conflict for "on" without accepted terms or for what is unavailable, and for a version gone by; nothing
    is changed then.
    """
    await access.require(services, user, admin=True)
    await services.database.write(_change, user, body, services.now())
    if any(audience for _, audience in body.audience):
        await refresh_members(services)
    return await _view(services)


async def read_states(services: Services, user: User) -> Features:
    """The state of every feature, as the user finds it."""
    gates = await access.read_gates(services, user)
    return _states(gates)


def _states(gates: Mapping[str, Gate]) -> Features:
    found = {feature: gates.get(feature.name, gate.CLOSED) for feature in FEATURES}
    return Features(**{feature.name: _state(feature, each) for feature, each in found.items()})


def _state(feature: Feature, found: Gate) -> FeatureState:
    if found.obstacle:
        return FeatureState(state="unavailable", reason=found.why)
    if found.state == ON and not found.is_for_user:
        return FeatureState(state="off", reason=say("feature.pilot"))
    reason = "" if feature.is_built else say("feature.not_built")
    return FeatureState(state="on" if found.state == ON else "off", reason=reason)


def _change(connection: Connection, user: User, body: FeaturesBody, now: datetime) -> None:
    told = partial(_changed_since, connection)
    version = count_change(connection, SUBJECT, read_at=body.version, changed_since=told)
    switches = {name: ON if value == "on" else OFF for name, value in body.features if value is not None}
    turned_on = [name for name, state in switches.items() if state == ON]
    before = gate.select_states(connection)
    _require_available(before, turned_on)
    if body.accept_terms:
        _accept_terms(connection, user, now)
    elif turned_on and not _is_accepted(connection):
        raise Conflict("terms_not_accepted")
    for name, state in switches.items():
        if before.get(name, gate.CLOSED).state != state:
            gate.switch(connection, name, state, version, user.id, now)
            audit.add(connection, user, "enable" if state == ON else "disable", name, now)
    for name, audience in body.audience:
        if audience is not None:
            _admit(connection, user, name, audience, version, now)


def _require_available(gates: Mapping[str, Gate], names: Iterable[str]) -> None:
    for name in names:
        if (found := gates.get(name, gate.CLOSED)).obstacle:
            raise Conflict("feature_unavailable", name=say(f"feature.{name}.title"), why=found.why)


def _admit(
    connection: Connection, user: User, name: str, audience: Audience, version: int, now: datetime
) -> None:
    kinds = {USER: audience.users, GROUP: audience.groups, ROLE: audience.roles}
    subjects = sorted({(kind, each) for kind, several in kinds.items() for each in several})
    if subjects == sorted(gate.select_audiences(connection).get(name, [])):
        return
    gate.admit(connection, name, subjects, version, user.id, now)
    told = ", ".join(f"{kind} {subject_id}" for kind, subject_id in subjects) or "everyone"
    audit.add(connection, user, "change audience", name, now, audience=told)


def _changed_since(connection: Connection, version: int) -> list[Phrase]:
    changed = gate.select_changed(connection, version)
    names = audit.select_names(connection, {user_id for _, _, user_id in changed})
    return [
        say("feature.left", name=names.get(who, who), feature=say(f"feature.{name}.title"), state=state)
        for name, state, who in changed
    ]


def _accept_terms(connection: Connection, user: User, now: datetime) -> None:
    added = connection.execute(
        insert_into(connection, acceptances)
        .values(text=TERMS, version=TERMS_VERSION, accepted_by_id=user.id, accepted_at=now)
        .on_conflict_do_nothing()
    )
    if added.rowcount:
        audit.add(connection, user, "accept", f"terms {TERMS_VERSION}", now)
        tell(connection, gate.NEWS, TERMS, EVERYONE, now)


async def _view(services: Services) -> FeaturesView:
    accepted = await _accepted(services)
    gates, audiences, version = await services.database.read(_select)
    states = _states(gates)
    warnings = []
    if states.email_engagement.state == "on" and states.relationship_assistant.state != "on":
        warnings.append(say("feature.engagement_alone"))
    return FeaturesView(
        version=version,
        terms_accepted=accepted is not None,
        accepted=accepted,
        features=states,
        audience={name: _audience(subjects) for name, subjects in audiences.items()},
        sharing={feature.name: feature.sharing for feature in FEATURES},
        warnings=warnings,
    )


def _select(
    connection: Connection,
) -> tuple[dict[str, Gate], dict[str, list[gate.Subject]], int]:
    states, audiences = gate.select_states(connection), gate.select_audiences(connection)
    return states, audiences, read_version(connection, SUBJECT)


def _audience(subjects: Iterable[gate.Subject]) -> Audience:
    found: dict[str, list[str]] = {USER: [], GROUP: [], ROLE: []}
    for kind, subject_id in subjects:
        found[kind].append(subject_id)
    return Audience(users=found[USER], groups=found[GROUP], roles=found[ROLE])


async def _accepted(services: Services) -> Acceptance | None:
    row = await services.database.read(_acceptance)
    if row is None:
        return None
    user_id, at = row
    user = await services.crm.user(user_id)
    return Acceptance(version=TERMS_VERSION, by=user.name if user else user_id, at=at)


def _acceptance(connection: Connection) -> tuple[str, datetime] | None:
    query = select(acceptances.c.accepted_by_id, acceptances.c.accepted_at).where(
        acceptances.c.text == TERMS, acceptances.c.version == TERMS_VERSION
    )
    row = connection.execute(query).one_or_none()
    return (row[0], row[1]) if row else None


def _is_accepted(connection: Connection) -> bool:
    return _acceptance(connection) is not None
