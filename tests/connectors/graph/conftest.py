"""A tenant on the stand-in for Graph, with the own database it needs."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from insights.database import Database
from tests.connectors.graph.tenant import Tenant, running_tenant
from tests.databases import MIGRATED, SqliteFiles


@pytest.fixture
async def database(sqlite_files: SqliteFiles, tmp_path: Path) -> AsyncIterator[Database]:
    """Liaison's own database, at its newest schema."""
    sqlite_files.copy(MIGRATED, tmp_path)
    database = Database("liaison", data_dir=tmp_path)
    yield database
    await database.close()


@pytest.fixture
async def tenant(testdata: Path, database: Database) -> AsyncIterator[Tenant]:
    """A tenant with Ann and Bob; nothing is remembered from one question to the next but places."""
    async with running_tenant(testdata, database, recent_seconds=0) as tenant:
        yield tenant
