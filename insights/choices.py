"""What sellers and the organisation may choose: a table of choices, each a row once it was made.

A seller's own choice goes before the organisation's, and that before the one that is shipped; where the
organisation chose *off*, a seller cannot choose *on*.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, select

from insights import access, audit, gate
from insights.database import insert_into
from insights.model import User
from insights.services import Services
from insights.tables import choices
from insights.versions import count_change, of_choices, read_version
from insights.views import ChoicesBody, ChoicesView, Preferences, PreferencesBody
from insights.words import Phrase, say

Scope = Literal["seller", "organization"]
ORGANIZATION = ""
"""The owner of what the organisation chose."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A row: who may choose it and what holds until somebody does.

    `feature` is the one that it belongs to: while that is off there is nothing to choose.
    """

    name: str
    scope: Scope
    default: Any
    feature: str = ""

    @property
    def sentence(self) -> Phrase:
        """What it does."""
        return say(f"choice.{self.name}.sentence")


CHOICES = (
    Choice("auto_capture", "seller", default=True, feature="auto_capture"),
    Choice("language", "seller", default="en"),
    Choice("excluded_labels", "organization", default=None, feature="auto_capture"),
)
BY_NAME = {choice.name: choice for choice in CHOICES}


async def read_preferences(services: Services, user: User) -> Preferences:
    """The caller's choices, else defaults; null for what belongs to a feature that is off."""
    return Preferences.model_validate(await services.database.read(_own_choices, user))


async def change_preferences(services: Services, user: User, body: PreferencesBody) -> Preferences:
    """Keep the named choices; NotAllowed for one whose feature is off, Conflict for a version gone by."""
    values = body.model_dump(exclude_none=True, exclude={"version"})
    for name in values:
        await access.require(services, user, feature=BY_NAME[name].feature or None)
    await services.database.write(_keep, user.id, user, values, services.now(), body.version)
    return await read_preferences(services, user)


async def read_choices(services: Services, user: User) -> ChoicesView:
    """What the organisation chose; for administrators."""
    await access.require(services, user, admin=True)
    return await services.database.read(_organizations)


async def change_choices(services: Services, user: User, body: ChoicesBody) -> ChoicesView:
    """Keep what is named for the organisation; for administrators. Conflict for a version gone by."""
    await access.require(services, user, admin=True)
    values = body.choices.model_dump(exclude_unset=True)
    await services.database.write(_keep, ORGANIZATION, user, values, services.now(), body.version)
    return await read_choices(services, user)


def choose(connection: Connection, name: str, user_id: str = ORGANIZATION) -> Any:
    """What holds for a user, or for the organisation."""
    return choose_all(connection, user_id, [name])[name]


def choose_all(connection: Connection, user_id: str, names: list[str]) -> dict[str, Any]:
    """The same for several choices, in one statement."""
    query = select(choices.c.owner, choices.c.name, choices.c.value)
    is_theirs = choices.c.owner.in_((ORGANIZATION, user_id))
    rows = connection.execute(query.where(is_theirs, choices.c.name.in_(names)))
    made = {(row.owner, row.name): json.loads(row.value) for row in rows}
    return {name: _holds(BY_NAME[name], made, user_id) for name in names}


def lists_untracked(connection: Connection, user_id: str) -> bool:
    """Whether untracked email is listed for a user: the feature is on for them and not declined."""
    is_on = "auto_capture" in gate.features_on(connection, user_id)
    return is_on and bool(choose(connection, "auto_capture", user_id))


def excluded_labels(connection: Connection) -> frozenset[str] | None:
    """The sensitivity labels that keep an email out; None = any does."""
    labels = choose(connection, "excluded_labels")
    return None if labels is None else frozenset(map(str.casefold, labels))


def _holds(choice: Choice, made: Mapping[tuple[str, str], Any], user_id: str) -> Any:
    organizations = made.get((ORGANIZATION, choice.name), choice.default)
    if organizations is False:
        return False
    return made.get((user_id, choice.name), organizations)


def _own_choices(connection: Connection, user: User) -> dict[str, Any]:
    own = [choice for choice in CHOICES if choice.scope == "seller"]
    values = choose_all(connection, user.id, [choice.name for choice in own])
    features_on = gate.features_on(connection, user.id)
    for choice in own:
        if choice.feature and choice.feature not in features_on:
            values[choice.name] = None
    return values | {"version": read_version(connection, of_choices(user.id))}


def _organizations(connection: Connection) -> ChoicesView:
    names = [choice.name for choice in CHOICES if choice.scope == "organization"]
    return ChoicesView.model_validate(
        {
            "version": read_version(connection, of_choices(ORGANIZATION)),
            "choices": choose_all(connection, ORGANIZATION, names),
            "sentences": {name: BY_NAME[name].sentence for name in names},
        }
    )


def _keep(
    connection: Connection, owner: str, user: User, values: dict[str, Any], now: datetime, read_at: int | None
) -> None:
    def changed_since(version: int) -> list[Phrase]:
        rows = connection.execute(
            select(choices).where(choices.c.owner == owner, choices.c.version > version)
        ).all()
        names = audit.select_names(connection, {row.changed_by_id for row in rows})
        return [
            say(
                "choice_set",
                name=names.get(row.changed_by_id, say("somebody")),
                choice=say(f"choice.{row.name}.name"),
                value=row.value,
            )
            for row in rows
        ]

    version = count_change(connection, of_choices(owner), read_at=read_at, changed_since=changed_since)
    for name, value in values.items():
        text = json.dumps(value)
        row = {"value": text, "version": version, "changed_by_id": user.id, "changed_at": now}
        connection.execute(
            insert_into(connection, choices)
            .values(owner=owner, name=name, **row)
            .on_conflict_do_update(index_elements=["owner", "name"], set_=row)
        )
        if owner == ORGANIZATION:
            audit.add(connection, user, "choose", name, now, value=text)
