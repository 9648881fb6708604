"""Installations for the flows."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.flows.liaison import COMPANY, Liaison


@pytest.fixture(scope="session")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data directory of the small company, imported once: copy it, don't open it."""
    liaison = Liaison(tmp_path_factory.mktemp("imported"))
    liaison.import_crm(COMPANY)
    return liaison.data


@pytest.fixture
async def installation(imported: Path, tmp_path: Path) -> AsyncIterator[Liaison]:
    """An installation with the small company, its server not started."""
    liaison = Liaison(tmp_path)
    shutil.copytree(imported, liaison.data)
    yield liaison
    await liaison.stop()


@pytest.fixture
async def liaison(installation: Liaison) -> Liaison:
    """The small company's running server with auto capture on."""
    await installation.start()
    await installation.turn_on("auto_capture")
    return installation
