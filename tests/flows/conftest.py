"""Installations for the flows."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.flows.liaison import COMPANY, Liaison


@pytest.fixture
async def installation(tmp_path: Path) -> AsyncIterator[Liaison]:
    """An installation with the small company, its server not started."""
    liaison = Liaison(tmp_path)
    liaison.import_crm(COMPANY)
    yield liaison
    await liaison.stop()


@pytest.fixture
async def liaison(installation: Liaison) -> Liaison:
    """The small company's running server with auto capture on."""
    await installation.start()
    await installation.turn_on("auto_capture")
    return installation
