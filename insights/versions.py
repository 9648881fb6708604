"""How often something that people edit has been changed, so that nobody overwrites what they never saw."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, ScalarSelect, bindparam, select

from insights.database import insert_into
from insights.errors import Conflict
from insights.tables import versions
from insights.words import Phrase

FEATURES, GATE = "features", "gate"
"""What administrators change of features, and what else decides whether they are on: members, obstacles."""


def of_choices(owner: str) -> str:
    """What the choices of a user are counted under, or of the organisation (`choices.ORGANIZATION`)."""
    return f"choices:{owner}"


def read_version(connection: Connection, subject: str) -> int:
    """How often it was changed; 0 = never."""
    row = select(versions.c.number).where(versions.c.subject == subject)
    return connection.execute(row).scalar() or 0


def version_of(subject: str) -> ScalarSelect[Any]:
    """The same within a statement, NULL for never; `subject` names a bound parameter."""
    return select(versions.c.number).where(versions.c.subject == bindparam(subject)).scalar_subquery()


def count_change(
    connection: Connection,
    subject: str,
    *,
    read_at: int | None = None,
    changed_since: Callable[[int], Sequence[Phrase]] = lambda _: (),
) -> int:
    """Count a change in its own transaction; writers of one subject wait for each other from here on.

    Raises Conflict where it was not `read_at` this version, with what was `changed_since`; None = whatever.
    """
    row = insert_into(connection, versions).values(subject=subject, number=1)
    row = row.on_conflict_do_update(index_elements=["subject"], set_={"number": versions.c.number + 1})
    number: int = connection.execute(row.returning(versions.c.number)).scalar_one()
    if read_at is not None and read_at != number - 1:
        if changes := changed_since(read_at):
            raise Conflict("changed_meanwhile.known", changes=changes)
        raise Conflict("changed_meanwhile.unknown")
    return number
