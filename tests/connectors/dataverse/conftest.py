"""The stand-in with the small organisation, opened for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.connectors.dataverse.webapi import WebApi, opened


@pytest.fixture
async def web(testdata: Path) -> AsyncIterator[WebApi]:
    """A client of a filled stand-in."""
    async with opened(testdata) as web:
        yield web
