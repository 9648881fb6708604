"""Opens what stands behind the ports: each thing once, when somebody first asks, closed with the stack.

An opener asks the `Opening` it is handed for whatever it needs: nobody has to know an order.
"""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from connectors.databases import database_revisions
from connectors.keys import read_signing_keys
from insights.database import Database
from insights.migrate import upgrade
from insights.settings import Settings
from insights.work import Due

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Opener(Protocol[T_co]):
    """Opens one thing; what it holds open is closed with the stack."""

    async def __call__(self, opening: "Opening", /) -> T_co:
        """What it opens; raises Unavailable where that is not to be had."""
        ...


@dataclass(frozen=True)
class Port(Generic[T_co]):
    """A port of the product: which implementation the settings choose, and what opens each."""

    name: str
    choose: Callable[[Settings], str]
    openers: Mapping[str, Opener[T_co]]


@dataclass(frozen=True)
class Opening:
    """What an opener is handed; openers run one after the other."""

    settings: Settings
    now: Callable[[], datetime]
    stack: AsyncExitStack
    due: list[Due] = field(default_factory=list)
    """What falls due by itself because of the connectors that were opened."""
    warm_ups: list[Callable[[], Awaitable[None]]] = field(default_factory=list)
    """What a server does once it answers, so that nobody waits for it later; each may raise a Problem."""
    _databases: dict[str, Database] = field(default_factory=dict)
    _opened: dict[Opener[Any], Any] = field(default_factory=dict)
    _failed: dict[Opener[Any], Exception] = field(default_factory=dict)
    _at_work: list[Opener[Any]] = field(default_factory=list)
    """Openers that have begun and not ended, each asked by the one before it."""

    async def port(self, port: Port[T]) -> T:
        """The implementation that the settings choose."""
        return await self.once(port.openers[port.choose(self.settings)])

    async def once(self, opener: Opener[T]) -> T:
        """What an opener opens; the second who asks gets the same, or the same exception."""
        if opener in self._failed:
            raise self._failed[opener]
        if opener not in self._opened:
            self._opened[opener] = await self._run(opener)
        opened: T = self._opened[opener]
        return opened

    async def database(self, name: str) -> Database:
        """A database of the data directory at its newest schema."""
        if name not in self._databases:
            database = Database(name, data_dir=self.settings.data_dir, url=self.settings.database_url)
            self.stack.push_async_callback(database.close)
            await self.prepare(database)
            self._databases[name] = database
        return self._databases[name]

    async def prepare(self, database: Database) -> None:
        """Bring a database to its newest schema before anybody has it."""
        await upgrade(database, database_revisions()[database.name])

    def keys(self) -> tuple[str, ...]:
        """The operator's keys; the first use of an installation makes one."""
        return read_signing_keys(self.settings)

    async def _run(self, opener: Opener[T]) -> T:
        if opener in self._at_work:
            circle = [*self._at_work[self._at_work.index(opener) :], opener]
            raise RuntimeError(f"each needs the next to be open: {' → '.join(map(_name, circle))}")
        self._at_work.append(opener)
        try:
            return await opener(self)
        except Exception as error:
            self._failed[opener] = error
            raise
        finally:
            self._at_work.remove(opener)


def _name(opener: Opener[Any]) -> str:
    return str(getattr(opener, "__name__", opener))
