"""A tenant on the stand-in for Graph, with the own database it needs."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from insights.database import Database
from insights.migrate import REVISIONS, upgrade
from tests.connectors.graph.tenant import Tenant, running_tenant


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """Liaison's own database, at its newest schema."""
    database = Database("liaison", data_dir=tmp_path)
    await upgrade(database, REVISIONS)
    yield database
    await database.close()


@pytest.fixture
async def tenant(testdata: Path, database: Database) -> AsyncIterator[Tenant]:
    """A tenant with Ann and Bob; nothing is remembered from one question to the next but places."""
    async with running_tenant(testdata, database, recent_seconds=0) as tenant:
        yield tenant
