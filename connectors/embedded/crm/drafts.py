"""Turns rows of text into rows to be stored, checked cell by cell; lookups are followed later."""

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from connectors.embedded.crm.csvfiles import Cells
from connectors.embedded.crm.faults import Faults
from connectors.embedded.crm.schema import Column, Schema, TableSchema
from connectors.embedded.crm.values import BadValue, Value, read_id, read_value
from connectors.zones import iana_name
from insights.crm.limits import LONGEST_MESSAGE_ID

HOUR = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
PERSONS = {"contact", "lead", "systemuser"}
ANY_TABLE = {"regardingobjectid", "record1id", "record2id", "objectid", "partyid"}
"""Lookups that may also point to custom tables."""


@dataclass(slots=True)
class Draft:
    """A checked row; a value of None clears the column. A lookup is (table or "", what said so, id)."""

    file: str
    line: int
    table: str
    id: str
    name: str
    values: dict[str, Value | None] = field(default_factory=dict)
    lookups: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    state: int | None = None

    def as_json(self) -> list[Any]:
        """Everything in order, as JSON has it; `Draft(*…)` reads it back."""
        return [self.file, self.line, self.table, self.id, self.name, self.values, self.lookups, self.state]


class Drafting:
    """Makes drafts and remembers every id, so that lookups among them can be followed."""

    def __init__(self, schema: Schema, organization_id: str, faults: Faults) -> None:
        self.lines: dict[str, dict[str, tuple[str, str, int]]] = {}
        """By id space: id → table, file, line."""
        self._schema = schema
        self._organization_id = organization_id
        self._faults = faults
        self._message_ids: dict[str, str] = {}
        self._columns: dict[tuple[str, str], Column | None] = {}

    def drafts(self, table: TableSchema, rows: Iterable[Cells]) -> Iterator[Draft]:
        """The rows that are right; the others become faults."""
        for cells in rows:
            count = len(self._faults.found)
            draft = self._draft(table, cells)
            if len(self._faults.found) == count:
                yield draft

    def _draft(self, table: TableSchema, cells: Cells) -> Draft:
        draft = Draft(cells.file, cells.line, table.name, self._id(table, cells), self._name(table, cells))
        for name, text in cells.values.items():
            column = self._column(table, name)
            if column is None:
                continue
            try:
                if column.is_lookup:
                    self._add_lookup(draft, column, cells)
                else:
                    draft.values[name] = read_value(column, text)
            except BadValue as bad:
                self._faults.add(cells.file, cells.line, name, str(bad))
        self._check_special(draft)
        return draft

    def _column(self, table: TableSchema, name: str) -> Column | None:
        """A column whose cells are values: neither id nor name, nor the type of a lookup beside it."""
        key = (table.name, name)
        if key not in self._columns:
            is_other = name in {table.primary_id, table.primary_name} or table.lookup_typed_by(name)
            self._columns[key] = None if is_other else table.column(name)
        return self._columns[key]

    def _id(self, table: TableSchema, cells: Cells) -> str:
        text = cells.values.get(table.primary_id, "")
        try:
            if table.name == "organization" and text.strip():
                row_id = self._organization_id  # keeps its id for good, other keys are made from it
            elif table.key and not text.strip():
                row_id = self._id_from_key(table, cells)
            else:
                row_id = read_id(text)
        except BadValue as bad:
            self._faults.add(cells.file, cells.line, table.primary_id, str(bad))
            return ""
        known = self.lines.setdefault(id_space(self._schema, table.name), {})
        if row_id in known:
            _, file, line = known[row_id]
            self._faults.add(cells.file, cells.line, table.primary_id, f"the id is also in {file}:{line}")
        known.setdefault(row_id, (table.name, cells.file, cells.line))
        return row_id

    def _id_from_key(self, table: TableSchema, cells: Cells) -> str:
        parts = [cells.values.get(name, "").strip() for name in table.key]
        for name, part in zip(table.key[:2], parts, strict=False):
            if not part:
                raise BadValue(f"a row needs an id, or {name}")
        parts = [read_id(part) if table.columns[n].is_lookup and part else part.casefold()
                 for n, part in zip(table.key, parts, strict=True)]  # fmt: skip
        return str(uuid5(NAMESPACE_URL, "\n".join((table.name, *parts))))

    def _name(self, table: TableSchema, cells: Cells) -> str:
        name = cells.values.get(table.primary_name, "")
        name = name if name.strip() else ""
        if not name and table.name in PERSONS:
            parts = (cells.values.get(part, "").strip() for part in ("firstname", "lastname"))
            name = " ".join(part for part in parts if part)
        if "\0" in name:
            self._faults.add(cells.file, cells.line, table.primary_name, "the cell has a NUL character")
        if not name and table.needs_name:
            self._faults.add(cells.file, cells.line, table.primary_name, "the name is missing")
        return name

    def _add_lookup(self, draft: Draft, column: Column, cells: Cells) -> None:
        text = cells.values[column.name]
        if not text.strip():
            draft.values[column.name] = None
            return
        kinds = [(name, cells.values.get(name, "").strip()) for name in column.type_columns()]
        said_by, kind = next((pair for pair in kinds if pair[1]), ("", ""))
        target = self._schema.by_type(kind) if kind else None
        if kind and (target is None or not self._may_point_to(column, target)):
            allowed = ", ".join(column.targets)
            self._faults.add(cells.file, cells.line, said_by, f"“{kind[:40]}” is not one of {allowed}")
            return
        draft.lookups[column.name] = (target.name if target else "", said_by, read_id(text))

    def _may_point_to(self, column: Column, target: TableSchema) -> bool:
        is_any = column.name in ANY_TABLE and target.is_custom
        is_activity = "activitypointer" in column.targets and target.is_activity
        return target.name in column.targets or is_any or is_activity

    def _check_special(self, draft: Draft) -> None:
        state = draft.values.pop("statecode", None)
        if isinstance(state, int):
            draft.state = state
        if draft.table == "systemuser" and "isdisabled" in draft.values:
            draft.state = int(bool(draft.values["isdisabled"]))
        if draft.table == "email":
            self._check_message_id(draft)
        if draft.table == "usersettings":
            self._check_clock(draft)
        if draft.table == "activitymimeattachment" and isinstance(body := draft.values.get("body"), str):
            try:
                draft.values["filesize"] = len(base64.b64decode("".join(body.split()), validate=True))
            except (binascii.Error, ValueError):
                self._faults.add(draft.file, draft.line, "body", "the file's content is not base64")

    def _check_clock(self, draft: Draft) -> None:
        zone = draft.values.get("timezone")
        if isinstance(zone, str) and not iana_name(zone):
            reason = "no time zone has this name: write it as Europe/Berlin or W. Europe Standard Time"
            self._faults.add(draft.file, draft.line, "timezone", reason)
        for name in ("workdaystarttime", "workdaystoptime"):
            hour = draft.values.get(name)
            if isinstance(hour, str) and not HOUR.fullmatch(hour):
                self._faults.add(draft.file, draft.line, name, "an hour looks like 08:30")

    def _check_message_id(self, draft: Draft) -> None:
        message_id = draft.values.get("messageid")
        if not isinstance(message_id, str):
            return
        draft.values["messageid"] = message_id = message_id.strip()
        where = f"{draft.file}:{draft.line}"
        if len(message_id) > LONGEST_MESSAGE_ID:
            reason = f"the Message-ID is longer than {LONGEST_MESSAGE_ID} characters"
            self._faults.add(draft.file, draft.line, "messageid", reason)
        elif message_id in self._message_ids:
            reason = f"the email in {self._message_ids[message_id]} has the same Message-ID"
            self._faults.add(draft.file, draft.line, "messageid", reason)
        self._message_ids.setdefault(message_id, where)


def id_space(schema: Schema, table: str) -> str:
    """Tables that share their ids: all activities, and users with teams."""
    known = schema.get(table)
    if known and known.is_activity:
        return "activitypointer"
    return "principal" if table in {"systemuser", "team"} else table
