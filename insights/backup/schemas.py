"""The PostgreSQL schemas: written out on one snapshot, and loaded in one transaction.

Rows travel by COPY, which needs no tool beside the driver. Tables are not in the backup: the migrations
make them, at the revision that the rows have.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, inspect, make_url, text

from insights.backup.archive import Archive
from insights.backup.manifest import JOBS, Manifest, Sequence, Table, damaged, newer
from insights.backup.writer import Writer
from insights.errors import Conflict, Unavailable
from insights.migrate import upgrade_schema
from insights.words import say

MADE_BY_MIGRATIONS = {"alembic_version"}
COLUMNS = """
    SELECT attname FROM pg_attribute
    WHERE attrelid = CAST(:relation AS regclass) AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
    ORDER BY attnum"""
SEQUENCES = """
    SELECT schemaname, sequencename, last_value FROM pg_sequences
    WHERE schemaname = ANY(:schemas) AND last_value IS NOT NULL"""
PLAIN = (
    "client_encoding TO 'UTF8'",
    "datestyle TO 'ISO'",
    "intervalstyle TO 'postgres'",
    "timezone TO 'UTC'",
)


@contextmanager
def open_snapshot(url: str) -> Iterator[Connection]:
    """A connection that sees the database as it is now, to its end; nobody waits for it."""
    with _connect(url, isolation_level="REPEATABLE READ", postgresql_readonly=True) as connection:
        yield connection


@contextmanager
def open_transaction(url: str) -> Iterator[Connection]:
    """A connection whose changes are kept where nothing is raised."""
    with _connect(url) as connection:
        yield connection


@contextmanager
def _connect(url: str, **options: Any) -> Iterator[Connection]:
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"), hide_parameters=True)
    try:
        with engine.connect().execution_options(**options) as connection, connection.begin():
            for setting in PLAIN:
                connection.exec_driver_sql(f"SET LOCAL {setting}")
            yield connection
    finally:
        engine.dispose()


def read_revisions(connection: Connection, names: Iterable[str]) -> dict[str, str]:
    """The revision of each of these databases that is there."""
    revisions, there = {}, set(inspect(connection).get_schema_names())
    for name in names:
        if name in there and inspect(connection).has_table("alembic_version", schema=name):
            row = connection.execute(text(f'SELECT version_num FROM "{name}".alembic_version')).one()  # noqa: S608  a name of ours
            revisions[name] = str(row[0])
    return revisions


def write_tables(connection: Connection, database: str, writer: Writer) -> Iterator[Table]:
    """Write the rows of each table of a schema; tables that others refer to come before these."""
    for name, _ in inspect(connection).get_sorted_table_and_fkc_names(schema=database):
        if name is None or name in MADE_BY_MIGRATIONS:
            continue
        columns = _columns(connection, database, name)
        table = Table(
            database=database, name=name, columns=columns, member=f"postgresql/{database}/{name}.copy"
        )
        with writer.entry(table.member) as sink, _copy(connection, f"{_quoted(table)} TO STDOUT") as rows:
            for block in rows:
                sink.write(block)
        yield table


def read_sequences(connection: Connection, databases: Iterable[str]) -> tuple[Sequence, ...]:
    """The last number of each sequence that gave one."""
    rows = connection.execute(text(SEQUENCES), {"schemas": list(databases)})
    return tuple(Sequence(database=schema, name=name, last=last) for schema, name, last in rows)


def require_empty(connection: Connection, names: Iterable[str]) -> None:
    """Raise Conflict where one of these databases is there already; a job store without jobs is none."""
    inspector = inspect(connection)
    for name in sorted(set(names) & set(inspector.get_schema_names())):
        tables = inspector.get_table_names(schema=name)
        if name == JOBS:
            tables = [
                table for table in tables if table == "workflow_status" and _has_rows(connection, name, table)
            ]
        if tables:
            raise Conflict("not_empty.database", name=name)


def load_tables(connection: Connection, archive: Archive, revisions: Mapping[str, Path]) -> None:
    """Make the schemas at the archive's revisions and fill them; the caller commits."""
    manifest = archive.manifest
    for name, revision in manifest.revisions.items():
        if name != JOBS:
            upgrade_schema(connection, name, revisions[name], to=revision)
    for table in (table for table in manifest.tables if table.database != JOBS):
        _require_known(connection, table, manifest)
        with _copy(connection, f"{_quoted(table)} FROM STDIN") as rows:
            for block in archive.read(table.member):
                rows.write(block)
    _require_all(connection, manifest)
    for sequence in (sequence for sequence in manifest.sequences if sequence.database != JOBS):
        statement = text("SELECT setval(CAST(:sequence AS regclass), :last)")
        name = f'"{sequence.database}"."{sequence.name}"'
        connection.execute(statement, {"sequence": name, "last": sequence.last})


def _require_all(connection: Connection, manifest: Manifest) -> None:
    """Every table that the revisions make is in the archive, so that nothing is lost without a word."""
    brought = {(table.database, table.name) for table in manifest.tables}
    for name in manifest.revisions:
        made = set(inspect(connection).get_table_names(schema=name)) - MADE_BY_MIGRATIONS
        if name != JOBS and (lacking := {table for table in made if (name, table) not in brought}):
            raise damaged(say("why.tables_missing", lacking=", ".join(sorted(lacking)), name=name))


def _require_known(connection: Connection, table: Table, manifest: Manifest) -> None:
    """A table that the revision makes, with columns that it has."""
    there = inspect(connection).has_table(table.name, schema=table.database)
    if (
        not there
        or table.name in MADE_BY_MIGRATIONS
        or set(table.columns) - set(_columns(connection, table.database, table.name))
    ):
        raise newer(manifest.version)


def _columns(connection: Connection, schema: str, table: str) -> tuple[str, ...]:
    return tuple(connection.execute(text(COLUMNS), {"relation": f'"{schema}"."{table}"'}).scalars())


def _has_rows(connection: Connection, schema: str, table: str) -> bool:
    statement = text(f'SELECT EXISTS (SELECT 1 FROM "{schema}"."{table}")')  # noqa: S608  names of the catalogue
    return bool(connection.execute(statement).scalar_one())


def _quoted(table: Table) -> str:
    """`"schema"."table" ("column", …)`; the names are plain words (manifest.Word)."""
    columns = ", ".join(f'"{column}"' for column in table.columns)
    return f'"{table.database}"."{table.name}" ({columns})'


@contextmanager
def _copy(connection: Connection, what: str) -> Iterator[Any]:
    """COPY by psycopg, for SQLAlchemy knows none; its words may quote a row, so they are left out."""
    from psycopg import Error

    driver: Any = connection.connection.driver_connection
    try:
        with driver.cursor() as cursor, cursor.copy(f"COPY {what}") as copy:
            yield copy
    except Error as error:
        raise Unavailable("no_copy", name=type(error).__name__) from None
