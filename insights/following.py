"""Whose mailboxes are followed: of users for whom a feature is on that needs it, unless they declined."""

from sqlalchemy import ColumnElement, and_, exists, not_, or_

from insights import gate
from insights.choices import BY_NAME, ORGANIZATION
from insights.features import FEATURES
from insights.tables import choices


def is_followed(user_id: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether the mailbox of the user that a column names is followed, within a statement."""
    wanted = []
    for feature in FEATURES:
        if not feature.follows_mail:
            continue
        is_on = gate.is_any_on([feature.name], user_id)
        choice = BY_NAME.get(feature.name)
        wanted.append(and_(is_on, not_(_declined(choice.name, user_id))) if choice else is_on)
    return or_(*wanted)


def _declined(name: str, user_id: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether the user, or the organisation for all, chose *off*."""
    is_theirs = or_(choices.c.owner == user_id, choices.c.owner == ORGANIZATION)
    is_off = exists().where(is_theirs, choices.c.name == name, choices.c.value == "false")
    return is_off.correlate_except(choices)
