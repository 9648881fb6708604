"""The seam `Tokens` on MSAL: for users on behalf of their sign-in, for the app by its own credential."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

import structlog

from connectors.entra.answers import is_about_us, no_account, not_reached, problem_of
from connectors.entra.refused import RefusedTokens
from connectors.entra.seats import Answer, Seat, tenant_of
from connectors.entra.sign_in import Assertion, Assertions
from connectors.entra.vault import Vault
from insights.model import User

P = ParamSpec("P")
T = TypeVar("T")
THREADS, SEATS, TRIES = 16, 512, 8

log = structlog.get_logger(__name__)


class MsalTokens:
    """Hands out tokens; MSAL waits in threads of its own, each question is asked once at a time."""

    def __init__(
        self,
        vault: Vault,
        assertions: Assertions,
        *,
        tenants: tuple[str, ...],
        make_app: Callable[[str, Any], Any],
    ) -> None:
        self._vault, self._assertions, self._tenants = vault, assertions, tenants
        self._make_app = make_app
        self._seats: OrderedDict[str, Seat] = OrderedDict()
        self._app_seat: Seat | None = None
        self._refused = RefusedTokens()
        self._flights: dict[Hashable, asyncio.Task[str]] = {}
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="entra")

    async def for_app(self, resource: str, *, claims: str = "", refused: str = "") -> str:
        """A token of the app itself; raises Unavailable where Entra gives none, saying why."""
        resource = resource.rstrip("/")
        self._refused.add(refused)
        if not claims and self._app_seat and (token := self._app_seat.recent(resource)):
            return token
        return await self._once(("", resource, claims), lambda: self._ask_for_app(resource, claims), refused)

    async def for_user(self, user: User, resource: str, *, claims: str = "", refused: str = "") -> str:
        """A token on behalf of the user; raises SignInNeeded, Unavailable."""
        resource, object_id = resource.rstrip("/"), user.object_id
        if not object_id:
            raise no_account()
        self._refused.add(refused)
        seat = self._seats.get(object_id)
        if not claims and seat and (token := seat.recent(resource)):
            return token
        assertion = self._assertions.find(object_id)
        return await self._once(
            (object_id, resource, claims, assertion),
            lambda: self._ask_for_user(object_id, assertion, resource, claims),
            refused,
        )

    async def sign_out(self, user: User) -> bool:
        """Forget everything with which tokens could be had for the user; whether there was anything.

        Tokens handed out already run out by themselves, within about an hour.
        """
        flights = [
            task for key, task in self._flights.items() if isinstance(key, tuple) and key[0] == user.object_id
        ]
        await asyncio.gather(*flights, return_exceptions=True)
        was_here = self._assertions.forget(user.object_id)
        self._seats.pop(user.object_id, None)
        return await self._vault.remove(_row(user.object_id)) or was_here

    async def close(self) -> None:
        """End the threads, once nobody waits for them."""
        await asyncio.gather(*self._flights.values(), return_exceptions=True)
        self._threads.shutdown(wait=False)

    async def _ask_for_app(self, resource: str, claims: str) -> str:
        seat = self._app_seat = self._app_seat or self._new_seat(self._tenants[0])
        answer = await self._run(seat.acquire_for_app, resource, claims)
        return self._keep(seat, resource, answer)

    async def _ask_for_user(
        self, object_id: str, assertion: Assertion | None, resource: str, claims: str
    ) -> str:
        seat = await self._seat(object_id, assertion)
        if seat is None:
            raise problem_of({}, resource)
        answer = await self._run(seat.acquire_for_user, object_id, assertion, resource, claims)
        if seat.cache.has_state_changed:
            await self._save(object_id, seat)
        return self._keep(seat, resource, answer)

    async def _seat(self, object_id: str, assertion: Assertion | None) -> Seat | None:
        """The account's seat with what any process has written; None where nobody has signed in."""
        row = await self._vault.read(_row(object_id))
        tenant_id = assertion.tenant_id if assertion else tenant_of(row)
        seat = self._seats.get(object_id)
        if tenant_id not in self._tenants:
            self._seats.pop(object_id, None)
            return None
        if seat is None or seat.tenant_id != tenant_id or (row is None and seat.sealed is not None):
            seat = self._seats[object_id] = self._new_seat(tenant_id)
        self._seats.move_to_end(object_id)
        while len(self._seats) > SEATS:
            self._seats.popitem(last=False)
        if row and row.sealed != seat.sealed:
            seat.adopt(row)
        return seat

    def _new_seat(self, tenant_id: str) -> Seat:
        return Seat(tenant_id, self._make_app, self._refused)

    async def _save(self, object_id: str, seat: Seat) -> None:
        """Write the account's row; where another process was quicker, with its tokens and ours."""
        async with seat.lock:
            for _ in range(TRIES):
                seat.cache.has_state_changed = False
                written = await self._vault.replace(_row(object_id), seat.content(), was=seat.sealed)
                if written:
                    seat.sealed = written
                    return
                row = await self._vault.read(_row(object_id))
                if row:
                    seat.adopt(row)
                elif seat.sealed is not None:  # signed out meanwhile, elsewhere
                    self._seats.pop(object_id, None)
                    return
        log.warning("tokens could not be kept: too many processes write them at once")

    def _keep(self, seat: Seat, resource: str, answer: Answer) -> str:
        if "access_token" in answer:
            return seat.keep(resource, answer)
        if is_about_us(answer):  # the next one reads the credential again, which may have been renewed
            self._seats.clear()
            self._app_seat = None
        raise problem_of(answer, resource)

    async def _run(self, ask: Callable[P, Answer], *args: P.args, **kwargs: P.kwargs) -> Answer:
        from msal.exceptions import MsalError

        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._threads, lambda: ask(*args, **kwargs))
        except (OSError, ValueError, KeyError, MsalError) as error:  # requests' errors are OSErrors
            raise not_reached(type(error).__name__) from None

    async def _once(self, key: Hashable, ask: Callable[[], Awaitable[str]], refused: str) -> str:
        """The answer to a question, asked once however many want to know; no caller's end ends it."""
        token = await self._join(key, ask)
        if not refused or token != refused:
            return token
        return await self._join(key, ask)  # that question had been asked before the token was refused

    async def _join(self, key: Hashable, ask: Callable[[], Awaitable[str]]) -> str:
        task = self._flights.get(key)
        if task is None:
            task = self._flights[key] = asyncio.ensure_future(ask())
            task.add_done_callback(lambda done: self._land(key, done))
        return await asyncio.shield(task)

    def _land(self, key: Hashable, task: asyncio.Task[str]) -> None:
        self._flights.pop(key, None)
        if not task.cancelled():
            task.exception()  # whoever waited was told; if nobody did, nobody needs to be


def _row(object_id: str) -> str:
    return f"entra tokens of {object_id}"
