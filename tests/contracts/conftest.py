"""What the contract suites of one port share."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from insights.ports import Crm
from tests.conftest import OpenDatabase, own_database
from tests.contracts.crms import FILLED, Add, Opened, filled_dataverse, filled_embedded
from tests.contracts.mail_servers import SERVERS, Server


@pytest.fixture(params=["embedded-sqlite", "embedded-postgresql", "dataverse"])
async def opened(request: pytest.FixtureRequest, testdata: Path, tmp_path: Path) -> AsyncIterator[Opened]:
    """A CRM with the organisation of `crm_world`, and what adds rows to it."""
    kind, _, database = request.param.partition("-")
    if kind == "dataverse":
        if not testdata.is_dir():
            pytest.skip("the stand-in takes its names from the test data")
        async with filled_dataverse(testdata) as found:
            yield found
        return
    with own_database(request, database, FILLED, tmp_path) as url:
        async with filled_embedded(tmp_path, url) as found:
            yield found


@pytest.fixture
def crm(opened: Opened) -> Crm:
    """The CRM of the implementation under test."""
    return opened.crm


@pytest.fixture
def add(opened: Opened) -> Add:
    """Adds rows by entity set."""
    return opened.add


@pytest.fixture(params=["embedded", pytest.param("graph", marks=pytest.mark.testdata)])
async def server(request: pytest.FixtureRequest, open_database: OpenDatabase) -> AsyncIterator[Server]:
    """A mail server, empty, and what puts mail into it."""
    async for each in SERVERS[request.param](open_database):
        yield each
