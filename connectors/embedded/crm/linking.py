"""Follows the lookups of drafts: to rows of the same import, else to rows of the CRM."""

from collections.abc import Iterable, Iterator

from sqlalchemy import Connection, select

from connectors.embedded.crm.drafts import ANY_TABLE, Draft, Drafting, id_space
from connectors.embedded.crm.faults import Faults
from connectors.embedded.crm.row import chunks, message_key
from connectors.embedded.crm.schema import Column, Schema
from connectors.embedded.crm.tables import message_ids, rows

Targets = dict[str, set[str]]
"""By id: tables that have a row of it."""


class Linking:
    """Resolves each lookup to one row, or notes a fault."""

    def __init__(self, connection: Connection, schema: Schema, drafting: Drafting, faults: Faults) -> None:
        self._connection = connection
        self._schema = schema
        self._imported = drafting.lines
        self._faults = faults
        self._custom = {table.name for table in schema.tables.values() if table.is_custom}

    def link(self, drafts: Iterable[Draft], organization_id: str) -> Iterator[Draft]:
        """The drafts with the table of each lookup filled in; those with faults are left out."""
        for batch in chunks(drafts):
            stored = self._stored(batch)
            for draft in batch:
                count = len(self._faults.found)
                self._check_id(draft, stored)
                for name, (table, said_by, target_id) in list(draft.lookups.items()):
                    if "organization" in (column := self._column(draft, name)).targets:
                        draft.lookups[name] = ("organization", said_by, organization_id)
                    else:
                        found = self._target(draft, column, table, target_id, stored)
                        draft.lookups[name] = (found, said_by, target_id)
                if len(self._faults.found) == count:
                    yield draft
            self._check_message_ids(batch)

    def _column(self, draft: Draft, name: str) -> Column:
        table = self._schema.tables[draft.table]
        return table.columns[name]

    def _stored(self, batch: list[Draft]) -> Targets:
        """Which tables of the CRM have rows of the ids that occur in the batch."""
        wanted = {target_id for draft in batch for _, _, target_id in draft.lookups.values()}
        wanted |= {draft.id for draft in batch}
        found: Targets = {}
        for chunk in chunks(wanted):
            statement = select(rows.c.id, rows.c.table_name).where(rows.c.id.in_(chunk))
            for row_id, table in self._connection.execute(statement):
                found.setdefault(row_id, set()).add(table)
        return found

    def _check_id(self, draft: Draft, stored: Targets) -> None:
        """An id names one activity, and one user or team."""
        space = id_space(self._schema, draft.table)
        others = stored.get(draft.id, set()) - {draft.table}
        taken = next((table for table in sorted(others) if id_space(self._schema, table) == space), None)
        if taken:
            column = self._schema.tables[draft.table].primary_id
            self._faults.add(draft.file, draft.line, column, f"a row of {taken} in the CRM has this id")

    def _target(self, draft: Draft, column: Column, table: str, target_id: str, stored: Targets) -> str:
        """The table whose row a lookup means, "" after a fault."""
        allowed = self._allowed(column)
        if not allowed:
            return column.targets[0]  # a table that is not ours: nothing to check the id against
        candidates = {table} if table and table != "activitypointer" else allowed
        found = {name for name in candidates if self._exists(name, target_id, stored)}
        if len(found) == 1:
            return "activitypointer" if "activitypointer" in column.targets else found.pop()
        names = " or ".join(sorted({table} if table else set(column.targets) & allowed or allowed))
        reason = (
            f"rows of {' and '.join(sorted(found))} have this id: say which in {column.type_columns()[0]}"
            if found
            else f"no {names} has this id, neither in the import nor in the CRM"
        )
        self._faults.add(draft.file, draft.line, column.name, reason)
        return ""

    def _allowed(self, column: Column) -> set[str]:
        allowed = {name for name in column.targets if self._schema.get(name)}
        if "activitypointer" in column.targets:
            allowed |= set(self._schema.activities)
        return allowed | self._custom if column.name in ANY_TABLE else allowed

    def _exists(self, table: str, row_id: str, stored: Targets) -> bool:
        imported = self._imported.get(id_space(self._schema, table), {}).get(row_id)
        return (imported is not None and imported[0] == table) or table in stored.get(row_id, ())

    def _check_message_ids(self, batch: list[Draft]) -> None:
        """A Message-ID that another row of the CRM has is a fault."""
        emails = {message_key(str(draft.values["messageid"])): draft for draft in batch
                  if draft.values.get("messageid")}  # fmt: skip
        statement = select(message_ids).where(message_ids.c.message_key.in_(emails))
        for found in self._connection.execute(statement) if emails else ():
            draft = emails[found.message_key]
            if found.email_id != draft.id:
                reason = f"the email {found.email_id} of the CRM has the same Message-ID"
                self._faults.add(draft.file, draft.line, "messageid", reason)
