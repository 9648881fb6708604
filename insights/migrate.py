"""Brings a database to the newest schema; each has its own folder of Alembic revisions."""

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, inspect, text

from insights.database import Database

REVISIONS = Path(__file__).parent / "migrations"


async def upgrade(database: Database, revisions: Path) -> None:
    """Apply what is missing, in one transaction; several processes may call this at once."""
    newest = _newest(revisions)
    if not database.is_sqlite:
        await database.write(_create_schema, database.name)
    if await database.read(_current) != newest:
        await database.write(_upgrade, revisions)


async def is_newest(database: Database, revisions: Path) -> bool:
    """Whether the schema is this version's; changes nothing."""
    return await database.read(_current) == _newest(revisions)


def _newest(revisions: Path) -> str:
    return max(path.stem.split("_")[0] for path in revisions.glob("[0-9]*.py"))


def _create_schema(connection: Connection, schema: str) -> None:
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": f"liaison {schema}"})
    connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{schema}"'))


def _current(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def upgrade_schema(connection: Connection, name: str, revisions: Path, *, to: str) -> None:
    """Make the tables of a revision, on PostgreSQL in their schema, in the caller's transaction."""
    if connection.dialect.name == "postgresql":
        _create_schema(connection, name)
        connection.execute(text(f'SET LOCAL search_path TO "{name}"'))
    _upgrade(connection, revisions, to)


def _upgrade(connection: Connection, revisions: Path, to: str = "head") -> None:
    # Alembic costs a third of a second to import; a database that is up to date never pays it.
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('liaison migration'))"))
    scripts = ScriptDirectory(str(revisions), version_locations=[str(revisions)])

    def missing(revision: Any, _context: Any) -> Any:
        return scripts._upgrade_revs(to, revision)  # noqa: SLF001  as `alembic upgrade` does

    with EnvironmentContext(Config(), scripts, fn=missing) as environment:
        environment.configure(connection=connection, transactional_ddl=False)
        environment.run_migrations()
