"""The features, what each shares with whom, and turning them on and off.

Nothing is on after installation: an administrator accepts the terms and turns features on.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from insights import access, audit
from insights.database import insert_into
from insights.errors import Conflict
from insights.model import User
from insights.services import Services
from insights.tables import acceptances, features
from insights.views import Acceptance, Features, FeaturesBody, FeatureState, FeaturesView, Terms

TERMS = "terms"
TERMS_VERSION = "2026-11"
TERMS_TEXT = """\
Liaison reads the mailboxes and the CRM of your organisation on your behalf and runs on your own server.
An email that nobody tracked is shown to its mailbox owner only and is not stored outside the mailbox.
A tracked email is copied into your CRM and is visible to everyone your CRM permits.
Turn features on only if your privacy policy and the law that applies to you allow what they do.
The software is licensed under the MIT licence and comes without warranty."""


@dataclass(frozen=True, slots=True)
class Feature:
    """A row of the table of features; `is_built` is False until it does something."""

    name: str
    title: str
    sharing: str
    is_built: bool = False


FEATURES = (
    Feature(
        "relationship_assistant",
        "Relationship assistant",
        "Shows each seller cards about their own records and mail. Nothing leaves your server.",
    ),
    Feature(
        "auto_capture",
        "Auto capture",
        "Shows each user their own emails beside the CRM record they belong to. "
        "What a user tracks is copied into the CRM, for everyone the CRM permits.",
        is_built=True,
    ),
    Feature(
        "email_engagement",
        "Email engagement",
        "Records when consenting recipients open followed emails and shows it to the sender.",
    ),
    Feature(
        "relationship_analytics",
        "Relationship analytics",
        "Counts who wrote to whom and when, without subjects or bodies, for everyone who may see a record.",
    ),
    Feature(
        "who_knows_whom",
        "Who knows whom",
        "Shows colleagues how well each of them knows a contact, from the same counts.",
    ),
)
NOT_BUILT = "Not part of this version yet; your choice is kept for when it is."


async def read_features(services: Services, user: User) -> FeaturesView:
    """Terms, states and what each feature shares; for administrators."""
    await access.require(services, user, admin=True)
    return await _view(services)


async def read_terms(services: Services, user: User) -> Terms:
    """The terms in their present version and who accepted them; for administrators."""
    await access.require(services, user, admin=True)
    accepted = await _accepted(services)
    return Terms(version=TERMS_VERSION, text=TERMS_TEXT, accepted=accepted)


async def change_features(services: Services, user: User, body: FeaturesBody) -> FeaturesView:
    """Accept the terms if asked and switch what is named.

    Conflict for "on" without accepted terms or for what is unavailable; nothing is changed then.
    """
    await access.require(services, user, admin=True)
    now = services.now()
    switches = {name: value == "on" for name, value in body.features.model_dump(exclude_none=True).items()}
    _require_available(services, [name for name, is_on in switches.items() if is_on])
    await services.database.write(_change, user, switches, now, accept=body.accept_terms)
    return await _view(services)


async def read_states(services: Services) -> Features:
    """The state of every feature, as every signed-in user may know it."""
    states = await services.database.read(_states)
    return Features(**{feature.name: _state(services, feature, states) for feature in FEATURES})


def _state(services: Services, feature: Feature, states: dict[str, bool]) -> FeatureState:
    if reason := services.unavailable.get(feature.name):
        return FeatureState(state="unavailable", reason=reason)
    reason = "" if feature.is_built else NOT_BUILT
    return FeatureState(state="on" if states.get(feature.name) else "off", reason=reason)


def _require_available(services: Services, names: Iterable[str]) -> None:
    for name in names:
        if reason := services.unavailable.get(name):
            raise Conflict(
                f"{name.replace('_', ' ').capitalize()} stays off",
                reason.rstrip("."),
                "look at the requirements for what to do",
                code="feature_unavailable",
            )


def _change(
    connection: Connection,
    user: User,
    switches: dict[str, bool],
    now: datetime,
    *,
    accept: bool,
) -> None:
    if accept:
        added = connection.execute(
            insert_into(connection, acceptances)
            .values(text=TERMS, version=TERMS_VERSION, accepted_by_id=user.id, accepted_at=now)
            .on_conflict_do_nothing()
        )
        if added.rowcount:
            audit.add(connection, user, "accept", f"terms {TERMS_VERSION}", now)
    elif any(switches.values()) and not _is_accepted(connection):
        raise Conflict(
            "The features stay off",
            "the licence terms are not accepted yet",
            "read them and send accept_terms",
            code="terms_not_accepted",
        )
    before = _states(connection)
    for name, is_on in switches.items():
        if before.get(name, False) != is_on:
            row = {"is_on": is_on, "changed_by_id": user.id, "changed_at": now}
            connection.execute(
                insert_into(connection, features)
                .values(feature=name, **row)
                .on_conflict_do_update(index_elements=["feature"], set_=row)
            )
            audit.add(connection, user, "enable" if is_on else "disable", name, now)


async def _view(services: Services) -> FeaturesView:
    accepted = await _accepted(services)
    states = await read_states(services)
    warnings = []
    if states.email_engagement.state == "on" and states.relationship_assistant.state != "on":
        warnings.append(
            "Email engagement shows its news as cards: turn on the relationship assistant as well."
        )
    return FeaturesView(
        terms_accepted=accepted is not None,
        accepted=accepted,
        features=states,
        sharing={feature.name: feature.sharing for feature in FEATURES},
        warnings=warnings,
    )


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


def _states(connection: Connection) -> dict[str, bool]:
    rows = connection.execute(select(features.c.feature, features.c.is_on))
    return {row.feature: row.is_on for row in rows}
