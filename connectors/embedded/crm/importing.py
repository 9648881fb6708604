"""`liaison import crm`: all rows or none, every mistake named; importing again updates rows by id.

Rows are read once and kept in a temporary file between the steps, so that memory holds ids only:
read and check the cells, follow the lookups, write everything in one transaction.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from connectors.embedded.crm.crm import prepare_crm
from connectors.embedded.crm.csvfiles import (
    Cells,
    check_column,
    find_files,
    list_skipped,
    read_file,
    read_metadata,
)
from connectors.embedded.crm.customizing import read_definitions, read_schema, read_table
from connectors.embedded.crm.drafts import Drafting
from connectors.embedded.crm.faults import Fault, Faults, ImportFailed
from connectors.embedded.crm.linking import Linking
from connectors.embedded.crm.loading import ImportReport, Prepared, Progress, write_prepared
from connectors.embedded.crm.schema import Schema, TableSchema
from connectors.embedded.crm.spool import Spool
from connectors.embedded.crm.standard import standard_schema
from insights.database import Database
from insights.errors import Invalid

__all__ = ["Fault", "ImportFailed", "ImportReport", "Progress", "import_crm", "import_rows", "list_skipped"]

Sources = Iterable[tuple[TableSchema, Iterable[Cells]]]
Row = Mapping[str, str | None]

LAST = "connection"  # needs the activities that it connects


async def import_crm(
    database: Database, folder: Path, *, now: datetime, progress: Progress | None = None
) -> ImportReport:
    """Import the CSV files of a folder; raises ImportFailed with all faults, NotFound without files."""
    organization_id = await prepare_crm(database, now=now)
    faults = Faults()

    def read(connection: Connection) -> Prepared:
        definitions = read_metadata(folder, faults)
        schema = _schema(connection, definitions)
        files = sorted(find_files(folder, schema, faults), key=lambda file: file.table.name == LAST)
        tell = Telling(progress, sum(file.path.lstat().st_size for file in files))
        sources = ((file.table, read_file(file, faults, tell.file())) for file in files)
        return _prepare(connection, schema, definitions, sources, organization_id, faults)

    return await _import(database, read, organization_id, now, progress)


async def import_rows(
    database: Database,
    tables: Mapping[str, Iterable[Row]],
    *,
    now: datetime,
    metadata: object = None,
    progress: Progress | None = None,
) -> ImportReport:
    """Import rows by entity set, as `import_crm` does; in a fault `line` is the row's number."""
    organization_id = await prepare_crm(database, now=now)
    faults = Faults()

    def read(connection: Connection) -> Prepared:
        definitions = read_definitions(metadata) if metadata is not None else []
        schema = _schema(connection, definitions)
        found = [(_table(schema, name), name, listed) for name, listed in tables.items()]
        found.sort(key=lambda entry: entry[0].name == LAST)
        sources = ((table, _cells(table, name, listed, faults)) for table, name, listed in found)
        return _prepare(connection, schema, definitions, sources, organization_id, faults)

    return await _import(database, read, organization_id, now, progress)


class Telling:
    """Adds up the bytes read of several files."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress, self._total, self._before = progress, total, 0

    def file(self) -> Callable[[int], None]:
        """What the next file reports its bytes to."""
        done = [0]

        def report(so_far: int) -> None:
            self._before += so_far - done[0]
            done[0] = so_far
            if self._progress:
                self._progress(self._before, self._total * 2)  # writing is the other half

        return report


def _schema(connection: Connection, definitions: list[dict[str, Any]]) -> Schema:
    return read_schema(connection, standard_schema()).with_custom(map(read_table, definitions))


def _table(schema: Schema, entity_set: str) -> TableSchema:
    table = schema.by_entity_set(entity_set)
    if table is None:
        raise Invalid("bad_import.no_entity_set", entity_set=entity_set)
    return table


def _cells(table: TableSchema, name: str, listed: Iterable[Row], faults: Faults) -> Iterator[Cells]:
    checked: set[str] = set()
    for number, row in enumerate(listed, 1):
        for column in row.keys() - checked:
            if reason := check_column(table, column):
                faults.add(name, number, column, reason)
            checked.add(column)
        yield Cells(name, number, {column: value or "" for column, value in row.items()})


def _prepare(
    connection: Connection,
    schema: Schema,
    definitions: list[dict[str, Any]],
    sources: Sources,
    organization_id: str,
    faults: Faults,
) -> Prepared:
    drafting = Drafting(schema, organization_id, faults)
    drafts = (draft for table, rows in sources for draft in drafting.drafts(table, rows))
    with closing(Spool(drafts)) as checked:
        spool = Spool(Linking(connection, schema, drafting, faults).link(checked, organization_id))
    if faults.found:
        spool.close()
        raise ImportFailed(faults.found)
    return Prepared(schema, definitions, spool)


async def _import(
    database: Database,
    read: Callable[[Connection], Prepared],
    organization_id: str,
    now: datetime,
    progress: Progress | None,
) -> ImportReport:
    prepared = await database.read(read)
    with closing(prepared.spool):
        report = await database.write(write_prepared, prepared, organization_id, now, progress)
    if progress:
        progress(1, 1)
    return report
