"""What stands behind the ports is opened once, whoever asks first, and nobody needs to know an order."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from itertools import permutations
from pathlib import Path

import pytest

from connectors.opening import Opening, Port
from connectors.registry import AGENDA, CRM, DIRECTORY, MAIL
from insights.errors import Unavailable
from insights.settings import Settings


def _names(ports: tuple[Port[object], ...]) -> str:
    return "-".join(port.name for port in ports)


@pytest.fixture
async def opening(tmp_path: Path) -> AsyncIterator[Opening]:
    async with AsyncExitStack() as stack:
        yield Opening(Settings(data_dir=tmp_path, database_url=""), lambda: datetime.now(UTC), stack)


@pytest.mark.parametrize("ports", list(permutations((CRM, MAIL, AGENDA, DIRECTORY))), ids=_names)
async def test_ports_open_in_any_order(opening: Opening, ports: tuple[Port[object], ...]) -> None:
    opened = [await opening.port(port) for port in ports]
    assert [await opening.port(port) for port in ports] == opened
    assert len(opening.warm_ups) == 1


async def test_what_several_need_is_opened_once_and_closed_with_the_stack(tmp_path: Path) -> None:
    told: list[str] = []

    async def open_base(opening: Opening) -> str:
        told.append("open")
        opening.stack.callback(told.append, "closed")
        return "base"

    async def open_upper(opening: Opening) -> str:
        return f"upper on {await opening.once(open_base)}"

    async with AsyncExitStack() as stack:
        opening = Opening(Settings(data_dir=tmp_path), lambda: datetime.now(UTC), stack)
        assert await opening.once(open_upper) == "upper on base"
        assert await opening.once(open_base) == "base"
        assert told == ["open"]
    assert told == ["open", "closed"]


async def test_a_circle_is_told_by_its_openers(opening: Opening) -> None:
    async def open_hen(opening: Opening) -> str:
        return await opening.once(open_egg)

    async def open_egg(opening: Opening) -> str:
        return await opening.once(open_hen)

    with pytest.raises(RuntimeError, match="open_hen → open_egg → open_hen"):
        await opening.once(open_hen)


async def test_who_needs_what_failed_fails_alike_and_it_is_not_tried_again(opening: Opening) -> None:
    tried: list[str] = []

    async def fail(_: Opening) -> str:
        tried.append("once")
        raise Unavailable("not_opened.no_key")

    async def open_upper(opening: Opening) -> str:
        return await opening.once(fail)

    for opener in (fail, open_upper, open_upper):
        with pytest.raises(Unavailable, match="It was not opened"):
            await opening.once(opener)
    assert tried == ["once"]
