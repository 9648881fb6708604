"""Conditions as SQL on our row store, as far as that narrows.

SQL compares numbers, days, states, owners and lookups exactly. Texts it only narrows (by the keys of names
and addresses): how the CRM compares them no two databases agree on, so `holds` has the last word.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Double,
    and_,
    cast,
    false,
    literal,
    not_,
    or_,
    select,
)

from connectors.embedded.crm.cells import Place
from connectors.embedded.crm.row import search_key
from connectors.embedded.crm.tables import addresses, dates, lookups, rows
from connectors.embedded.crm.values import as_id
from insights.crm.conditions import (
    Column,
    Compare,
    Condition,
    Either,
    Every,
    In,
    Like,
    Not,
    Value,
    check_value,
)
from insights.errors import Invalid
from insights.mail.addresses import relation_key
from insights.tables import Instant

SQL_OPERATORS = {"eq": "=", "ne": "!=", "gt": ">", "ge": ">=", "lt": "<", "le": "<="}
NUMBERS = frozenset({"decimal", "money"})


@dataclass(frozen=True, slots=True)
class Narrowed:
    """A condition as SQL, None where it narrows nothing; `is_exact` where it says all of it."""

    sql: ColumnElement[bool] | None
    is_exact: bool


class Narrowing:
    """Writes conditions about the rows of one place; `dated` is the column that is read off `dates`."""

    def __init__(self, place: Place, dated: Column | None, *, is_sqlite: bool) -> None:
        self._place, self._dated, self._is_sqlite = place, dated, is_sqlite

    def narrow(self, condition: Condition) -> Narrowed:
        """The condition as SQL; raises TypeError, ValueError for values of another kind, Invalid."""
        match condition:
            case Every(conditions) | Either(conditions):
                return self._joined(conditions, is_every=isinstance(condition, Every))
            case Not(inner):
                found = self.narrow(inner)
                is_exact = found.is_exact and found.sql is not None
                return Narrowed(not_(found.sql) if is_exact and found.sql is not None else None, is_exact)
            case Compare(column, operator, value):
                check_value(column, value)
                return self._compared(column, operator, [value])
            case In(column, values):
                for each in values:
                    check_value(column, each)
                return self._compared(column, "in", list(values))
            case Like(function, column, part):
                return self._like(function, column, part)
            case _:
                raise TypeError("only its own connector can ask this condition")

    def _joined(self, conditions: Sequence[Condition], *, is_every: bool) -> Narrowed:
        if not conditions:
            raise ValueError("no condition to join")
        parts = [self.narrow(each) for each in conditions]
        is_exact = all(part.is_exact for part in parts)
        known = [part.sql for part in parts if part.sql is not None]
        if is_every:
            return Narrowed(and_(*known) if known else None, is_exact)
        return Narrowed(or_(*known) if len(known) == len(parts) else None, is_exact)

    def _compared(self, column: Column, operator: str, values: list[Value | None]) -> Narrowed:
        if not values:
            raise ValueError("no value to compare with")
        if column.kind == "lookup":
            return Narrowed(self._lookup(column, operator, values), is_exact=True)
        if column.kind == "text" and column.name != "activitytypecode":
            return Narrowed(self._text(column, operator, values), is_exact=False)
        sql = self.column(column)
        plain = [self._literal(column, value) for value in values]
        if operator == "in":
            return Narrowed(and_(sql.is_not(None), sql.in_(plain)), is_exact=True)
        return Narrowed(_two_valued(sql, operator, plain[0]), is_exact=True)

    def _lookup(self, column: Column, operator: str, values: list[Value | None]) -> ColumnElement[bool]:
        """Ids are compared as they are stored; only equality makes sense of them."""
        if operator not in {"eq", "ne", "in"}:
            raise Invalid("bad_condition.ordered_lookup", name=column.name)
        ids = [as_id(str(value)) for value in values if value is not None]
        own = {"ownerid": rows.c.owner_id, "createdby": rows.c.created_by_id,
               "modifiedby": rows.c.modified_by_id}.get(column.name)  # fmt: skip
        if own is not None:
            held = and_(own.is_not(None), own.in_(ids)) if ids else own.is_not(None)
        else:
            entries = select(lookups.c.row_id).where(
                lookups.c.table_name.in_(self._place.tables), lookups.c.column_name == column.name
            )
            held = rows.c.id.in_(entries.where(lookups.c.target_id.in_(ids)) if ids else entries)
        is_wanted = (operator == "ne") if values == [None] else (operator != "ne")
        return held if is_wanted else not_(held)

    def _text(self, column: Column, operator: str, values: list[Value | None]) -> ColumnElement[bool] | None:
        texts = [value for value in values if isinstance(value, str) and value.strip()]
        if operator not in {"eq", "in"} or len(texts) < len(values):
            return None
        if column.name == self._place.schema.primary_name:
            return rows.c.name_key.in_([search_key(each) for each in texts])
        known = self._place.schema.column(column.name)
        keys = [relation_key(each) for each in texts]
        if known and known.kind == "email" and all(keys):
            holding = select(addresses.c.row_id).where(
                addresses.c.address_key.in_(keys),
                addresses.c.table_name.in_(self._place.tables),
                addresses.c.column_name == column.name,
            )
            return rows.c.id.in_(holding)
        return None

    def _like(self, function: str, column: Column, part: str) -> Narrowed:
        if column.kind != "text":
            raise TypeError(f"a column of kind {column.kind} has no parts")
        is_name = column.name == self._place.schema.primary_name
        key = search_key(part)
        if is_name and function == "startswith" and key and part == part.strip():
            return Narrowed(rows.c.name_key.startswith(key, autoescape=True), is_exact=False)
        return Narrowed(None, is_exact=False)

    def column(self, column: Column) -> Any:
        """The column as SQL compares it, by its kind."""
        if self._dated and column.name == self._dated.name:
            return dates.c.at
        own = {
            self._place.schema.primary_id: rows.c.id,
            "statecode": rows.c.state,
            "createdon": rows.c.created_at,
            "modifiedon": rows.c.modified_at,
            "activitytypecode": rows.c.table_name,
        }.get(column.name)
        if own is not None:
            return own
        value = rows.c.attributes[column.name]
        if column.kind == "bool":
            return cast(value.as_string(), Boolean) if not self._is_sqlite else value.as_boolean()
        if column.kind in {"int", "option"}:
            return cast(value.as_string(), BigInteger)
        if column.kind in {"decimal", "money"}:
            return cast(value.as_string(), Double)
        return value.as_string() if self._is_sqlite else value.as_string().collate("C")

    def _literal(self, column: Column, value: Value | None) -> Any:
        if isinstance(value, str):
            return as_id(value) if column.kind == "guid" else value
        is_instant = isinstance(self.column(column).type, Instant)
        if isinstance(value, datetime):
            return value if is_instant else value.astimezone(UTC).isoformat()
        if isinstance(value, date):
            return datetime.combine(value, time(), UTC) if is_instant else value.isoformat()
        return float(value) if value is not None and column.kind in {"decimal", "money"} else value


def _two_valued(sql: Any, operator: str, value: Any) -> ColumnElement[bool]:
    """A comparison that is true or false, also where there is nothing."""
    if value is None:
        nothing: dict[str, ColumnElement[bool]] = {"eq": sql.is_(None), "ne": sql.is_not(None)}
        return nothing.get(operator, false())
    compared = sql.bool_op(SQL_OPERATORS[operator])(literal(value, sql.type))
    found: ColumnElement[bool] = (
        or_(sql.is_(None), compared) if operator == "ne" else and_(sql.is_not(None), compared)
    )
    return found
