"""What the job store may hold: JSON of ids, nothing that runs when it is read.

DBOS writes Python pickles unless told otherwise, and unpickles whatever row says it is one: who can write
the store would run code here. So no pickle is read or written in this process, and rows of versions that
wrote them are dropped before DBOS looks: `tracks` is the outbox and begins anew what was pending.
"""

from typing import Any, Never

from sqlalchemy import Engine, MetaData, Table, create_engine, delete, inspect, or_, select
from sqlalchemy.exc import SQLAlchemyError

from insights.errors import Unavailable

SCHEMA = "jobs"
"""On PostgreSQL."""
READABLE = "portable_json"
WORKFLOWS, SCHEDULES = "workflow_status", "workflow_schedules"
FORMAT, WORKFLOW_ID = "serialization", "workflow_uuid"


class PickleRefused(Exception):
    """A row of the job store claims to be a Python pickle."""


def forbid_pickles() -> None:
    """Let DBOS refuse pickles in this process, whatever a row says of itself."""
    from dbos._serialization import DefaultSerializer  # exported nowhere, and reached by every read

    for method in ("serialize", "deserialize"):
        setattr(DefaultSerializer, method, _refuse)


def _refuse(_serializer: object, _data: object) -> Never:
    raise PickleRefused


def drop_unreadable(url: str) -> int:
    """Drop every job that is not JSON, with all that belongs to it; how many workflows there were."""
    engine = create_engine(_driver(url), hide_parameters=True)
    try:
        return _drop(engine)
    except SQLAlchemyError as error:
        raise Unavailable("no_job_store", name=type(error).__name__) from None
    finally:
        engine.dispose()


def _driver(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://")


def _drop(engine: Engine) -> int:
    schema = None if engine.dialect.name == "sqlite" else SCHEMA
    inspector = inspect(engine)
    names = inspector.get_table_names(schema=schema)
    if WORKFLOWS not in names:
        return 0
    tables = {name: Table(name, MetaData(), schema=schema, autoload_with=engine) for name in names}
    workflows = tables[WORKFLOWS]
    with engine.begin() as connection:
        dropped = connection.execute(delete(workflows).where(_is_unreadable(workflows))).rowcount
        if SCHEDULES in tables:  # we make none, and a row that is none ends the thread that looks at them
            connection.execute(delete(tables[SCHEDULES]))
        for table in tables.values():
            if table is not workflows and FORMAT in table.c:
                connection.execute(delete(table).where(table.c[FORMAT] != READABLE))
            if table is not workflows and WORKFLOW_ID in table.c:
                known = select(workflows.c[WORKFLOW_ID])
                connection.execute(delete(table).where(table.c[WORKFLOW_ID].not_in(known)))
    return dropped


def _is_unreadable(workflows: Table) -> Any:
    """A store so old that it does not say how it was written holds pickles."""
    if FORMAT not in workflows.c:
        return workflows.c[WORKFLOW_ID].is_not(None)
    return or_(workflows.c[FORMAT].is_(None), workflows.c[FORMAT] != READABLE)
