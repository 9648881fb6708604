"""A seller's own choices."""

import json

from sqlalchemy import Connection, select

from insights import access
from insights.database import Database
from insights.model import User
from insights.services import Services
from insights.tables import preferences
from insights.views import Preferences, PreferencesBody

DEFAULTS: dict[str, object] = {"auto_capture": True, "language": "en"}


async def read_preferences(services: Services, user: User) -> Preferences:
    """The caller's choices, defaults where nothing was chosen."""
    values = DEFAULTS | await services.database.read(_select, user.id)
    if not await access.is_on(services, "auto_capture"):
        values["auto_capture"] = None
    return Preferences.model_validate(values)


async def change_preferences(services: Services, user: User, body: PreferencesBody) -> Preferences:
    """Keep the named choices; NotAllowed for one whose feature is off."""
    if body.auto_capture is not None:
        await access.require(services, user, feature="auto_capture")
    values = body.model_dump(exclude_none=True)
    await services.database.write(_upsert, services.database, user.id, values)
    return await read_preferences(services, user)


async def wants_untracked(services: Services, user: User) -> bool:
    """Whether untracked email is listed for this user: the feature is on and not declined."""
    return await services.database.read(lists_untracked, user.id)


def _select(connection: Connection, user_id: str) -> dict[str, object]:
    rows = connection.execute(
        select(preferences.c.name, preferences.c.value).where(preferences.c.user_id == user_id)
    )
    return {name: json.loads(value) for name, value in rows}


def lists_untracked(connection: Connection, user_id: str) -> bool:
    """The same, for who has a connection at hand."""
    if "auto_capture" not in access.features_on(connection):
        return False
    return bool((DEFAULTS | _select(connection, user_id))["auto_capture"])


def _upsert(connection: Connection, database: Database, user_id: str, values: dict[str, object]) -> None:
    for name, value in values.items():
        text = json.dumps(value)
        connection.execute(
            database.insert(preferences)
            .values(user_id=user_id, name=name, value=text)
            .on_conflict_do_update(index_elements=["user_id", "name"], set_={"value": text})
        )
