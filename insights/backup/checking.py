"""Whether an unpacked file is the database that it says it is, before a restore calls itself done."""

import re
import sqlite3
from collections.abc import Iterable, Sequence, Set
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine

from insights.backup.manifest import damaged
from insights.errors import Invalid
from insights.migrate import upgrade_schema
from insights.words import say

OBJECTS = """
    SELECT type, name, tbl_name, sql FROM sqlite_schema
    UNION ALL SELECT 'column', c.name, t.name, NULL
    FROM sqlite_schema AS t JOIN pragma_table_info(t.name) AS c WHERE t.type = 'table'"""
SQLITES_OWN = ("sqlite_autoindex_", "sqlite_sequence", "sqlite_stat")
Objects = Set[tuple[str, str, str, str | None]]
"""Type, name and table of everything in a schema, columns too, with the words that make it."""
SPACE = re.compile(r"[\s\"`\[\]]+")
"""What SQLite and those who write for it put between the same words differently."""


def require_database(path: Path, name: str, revision: str, revisions: Path) -> None:
    """Raise Invalid unless a SQLite file is whole and its schema that of the revision, and nothing more."""
    try:
        with closing(_open(path)) as connection:
            found = _objects(connection.execute(OBJECTS).fetchall())
            [[verdict], *_] = connection.execute("PRAGMA integrity_check(1)").fetchall()
            there = _revisions(connection)
    except sqlite3.Error:
        raise damaged(say("why.sqlite_no_database", name=name)) from None
    if verdict != "ok":
        raise damaged(say("why.sqlite_damaged_inside", name=name))
    if there != [revision]:
        raise damaged(say("why.sqlite_has_another_revision_than", name=name))
    if found != _schema_of(name, revision, revisions):
        raise Invalid("foreign_schema", name=name)


def _open(path: Path) -> sqlite3.Connection:
    """Read only, and the file's own views and triggers are not trusted with anything."""
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
    connection.execute("PRAGMA trusted_schema=OFF")
    connection.execute("PRAGMA cell_size_check=ON")
    return connection


def _objects(rows: Iterable[Sequence[Any]]) -> Objects:
    return {
        (kind, name, table, SPACE.sub("", sql or "").casefold() if kind != "trigger" else sql)
        for kind, name, table, sql in rows
        if kind in {"trigger", "view"} or not (name.startswith(SQLITES_OWN) or table.startswith(SQLITES_OWN))
    }


def _revisions(connection: sqlite3.Connection) -> list[str]:
    return [str(row[0]) for row in connection.execute("SELECT version_num FROM alembic_version")]


def _schema_of(name: str, revision: str, revisions: Path) -> Objects:
    """What the migrations make up to a revision."""
    engine = create_engine("sqlite://")
    try:
        with engine.connect() as connection:
            upgrade_schema(connection, name, revisions, to=revision)
            return _objects(connection.exec_driver_sql(OBJECTS).all())
    finally:
        engine.dispose()
