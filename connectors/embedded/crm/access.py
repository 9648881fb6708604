"""Who may read which row: one condition, in SQL, for single rows and for lists alike.

A row is read by the depth of the user's roles for its table: 0 none, 1 own (also own teams'), 2 business
unit, 4 business unit and those below, 8 organisation. Without an own `prvRead…` row in roleprivileges a
role reads at its usual depth. A row without owner is read at any depth but none; a shared row by whom it
is shared with. Writing goes as deep, but that shares are for reading only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, false, func, or_, select, true
from typing_extensions import override

from connectors.embedded.crm.roles import Depths, read_depths
from connectors.embedded.crm.row import StoredRow
from connectors.embedded.crm.rows import COLUMNS, stored_row
from connectors.embedded.crm.schema import Schema
from connectors.embedded.crm.tables import lookups, principals, rows, shares
from insights.crm.depths import BASIC, DEEP, GLOBAL, LOCAL, NONE
from insights.errors import NotFound
from insights.model import RecordRef, User


@dataclass(frozen=True)
class Rights:
    """How deep a user's roles read or write, and where the user stands in the organisation."""

    user_id: str
    depths: Depths
    team_ids: Sequence[str]
    root_id: str
    unit_id: str
    units_below: Sequence[str]
    with_shared: bool = True

    def where(self, source: Any = rows) -> ColumnElement[bool]:
        """The condition under which the user may read a row of `source` (`rows` or an alias of it)."""
        return self._on_rows if source is rows else self._on(source)

    @cached_property
    def _on_rows(self) -> ColumnElement[bool]:
        return self._on(rows)  # building a condition takes longer than most queries with it

    def _on(self, source: Any) -> ColumnElement[bool]:
        special = self.depths.by_table
        usual = self._at_depth(self.depths.usual, source)
        parts = [and_(source.c.table_name.not_in(special), usual)] if special else [usual]
        parts += [
            and_(source.c.table_name == table, self._at_depth(depth, source))
            for table, depth in special.items()
        ]
        return or_(*parts, self._is_shared(source)) if self.with_shared else or_(*parts)

    def _at_depth(self, depth: int, source: Any) -> ColumnElement[bool]:
        owner = source.c.owner_id
        if depth >= GLOBAL:
            return true()
        if depth >= BASIC:
            own = select(principals.c.id)
            if depth >= LOCAL:
                units = self.units_below if depth >= DEEP else [self.unit_id]
                own = own.where(func.coalesce(principals.c.business_unit_id, self.root_id).in_(units))
            else:
                own = own.where(principals.c.id == self.user_id)
            return or_(owner.is_(None), owner.in_(own), owner.in_(self.team_ids))
        return false()

    def _is_shared(self, source: Any) -> ColumnElement[bool]:
        with_whom = [self.user_id, *self.team_ids]
        return (
            select(shares.c.via_id)
            .where(
                shares.c.object_id == source.c.id,
                shares.c.object_table == source.c.table_name,
                shares.c.principal_id.in_(with_whom),
            )
            .exists()
        )


@dataclass(frozen=True)
class Everything(Rights):
    """What the application itself may: everything."""

    @override
    def where(self, source: Any = rows) -> ColumnElement[bool]:
        return true()


@dataclass(frozen=True)
class Access:
    """What one user may read, for the length of one transaction."""

    connection: Connection
    schema: Schema
    user: User
    rights: Rights

    def where(self, source: Any = rows) -> ColumnElement[bool]:
        """The condition under which the user may read a row of `source` (`rows` or an alias of it)."""
        return self.rights.where(source)

    def where_written(self) -> ColumnElement[bool]:
        """The condition under which the user may change a row of `rows`."""
        if isinstance(self.rights, Everything):
            return self.rights.where()
        return read_rights(self.connection, self.schema, self.user, "write").where()

    def may_create(self, table: str) -> bool:
        """Whether the user may make rows of a table."""
        if isinstance(self.rights, Everything):
            return True
        return read_depths(self.connection, self.schema, self.user.roles, "create").of(table) > NONE

    def find(self, ref: RecordRef) -> StoredRow | None:
        """The row if it exists and the user may read it."""
        return self.find_all([ref]).get(ref)

    def find_all(self, refs: list[RecordRef]) -> dict[RecordRef, StoredRow]:
        """Those of the rows that the user may read."""
        found: dict[RecordRef, StoredRow] = {}
        by_table: dict[str, list[str]] = {}
        for ref in refs:
            by_table.setdefault(ref.table, []).append(ref.id)
        for table, ids in by_table.items():
            for start in range(0, len(ids), 500):
                statement = select(*COLUMNS).where(
                    rows.c.table_name == table, rows.c.id.in_(ids[start : start + 500]), self.where()
                )
                for row in self.connection.execute(statement):
                    found[RecordRef(row.table_name, row.id)] = stored_row(row)
        return found

    def require(self, ref: RecordRef) -> StoredRow:
        """The row; raises NotFound also where it may not be read."""
        row = self.find(ref)
        if row is None:
            raise not_found(ref.table)
        return row


def read_rights(connection: Connection, schema: Schema, user: User, right: str = "read") -> Rights:
    """The rights of a user as roles, teams and business units give them now."""
    depths = read_depths(connection, schema, user.roles, right)
    root_id = root_unit_id(connection)
    own_unit_id = unit_id(connection, user.id) or root_id
    is_deep = DEEP in {depths.usual, *depths.by_table.values()}
    below = units_below(connection, own_unit_id) if is_deep else [own_unit_id]
    teams = team_ids(connection, user.id)
    return Rights(user.id, depths, teams, root_id, own_unit_id, below, with_shared=right == "read")


EVERYTHING = Everything("", Depths(GLOBAL), (), "", "", ())


def not_found(table: str) -> NotFound:
    """What is said of a row that is missing or hidden, which must sound the same."""
    return NotFound("record_not_found.none", table=table)


def team_ids(connection: Connection, user_id: str) -> list[str]:
    """Teams the user is a member of."""
    member, team = lookups.alias(), lookups.alias()
    statement = (
        select(team.c.target_id)
        .join(member, member.c.row_id == team.c.row_id)
        .where(
            member.c.target_id == user_id,
            member.c.target_table == "systemuser",
            member.c.table_name == "teammembership",
            team.c.table_name == "teammembership",
            team.c.column_name == "teamid",
        )
    )
    return list(connection.execute(statement).scalars())


def unit_id(connection: Connection, principal_id: str) -> str | None:
    """The business unit of a user or team, None where it is the root."""
    return connection.execute(
        select(principals.c.business_unit_id).where(principals.c.id == principal_id)
    ).scalar()


def is_root_unit() -> ColumnElement[bool]:
    """The condition of a row that it is a business unit without a parent."""
    parent = select(lookups.c.row_id).where(
        lookups.c.table_name == "businessunit",
        lookups.c.row_id == rows.c.id,
        lookups.c.column_name == "parentbusinessunitid",
    )
    return and_(rows.c.table_name == "businessunit", ~parent.exists())


def root_unit_id(connection: Connection) -> str:
    """The business unit without a parent, the oldest of them if there are several."""
    statement = select(rows.c.id).where(is_root_unit()).order_by(rows.c.created_at, rows.c.id).limit(1)
    return connection.execute(statement).scalar() or ""


def units_below(connection: Connection, top_id: str) -> list[str]:
    """A business unit and all below it."""
    found, fresh = {top_id}, {top_id}
    while fresh:
        statement = select(lookups.c.row_id).where(
            lookups.c.target_id.in_(fresh),
            lookups.c.table_name == "businessunit",
            lookups.c.column_name == "parentbusinessunitid",
        )
        fresh = set(connection.execute(statement).scalars()) - found
        found |= fresh
    return sorted(found)
