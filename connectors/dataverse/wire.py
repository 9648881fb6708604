"""Requests on their way: token, impersonation, turns, second tries within a budget.

The service says when it is asked too much (429 with Retry-After): nothing is sent before that time is
over. A read that cannot be answered within its budget fails, so that who waits for it gets an answer.
"""

import asyncio
import base64
import binascii
import io
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any
from weakref import WeakValueDictionary

import aiohttp
from multidict import CIMultiDict
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, wait_random_exponential
from yarl import URL

from connectors.dataverse.faults import read_fault, unreachable
from connectors.tokens import Tokens
from insights.errors import NotAllowed
from insights.model import User
from insights.outside import MOST_JSON, TooLong, read_address, read_all, read_json
from insights.words import Said, say

API = "/api/data/v9.2/"
PIECE = 65_536
PER_CALLER, TOGETHER = 8, 40
"""Requests at the same time; the service refuses the 53rd."""
ANNOTATIONS = (
    'odata.include-annotations="OData.Community.Display.V1.FormattedValue,'
    'Microsoft.Dynamics.CRM.lookuplogicalname"'
)
BUSY = {429, 502, 503, 504}
SCHEME = re.compile(r"[A-Za-z][\w+.-]*:")
CLAIMS = re.compile(r'claims="([^"]+)"')
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that is a success."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Row:
        """The body; raises Unavailable where it is none of this API."""
        try:
            read = read_json(self.body)
        except ValueError:
            raise unreachable(say("why.answer_no_json")) from None
        if not isinstance(read, dict):
            raise unreachable(say("why.answer_another_shape"))
        return read


class Again(Exception):
    """A try that did not reach the service or was put off by it; `after` are the seconds it asks for."""

    def __init__(self, why: Said, after: float = 0.0) -> None:
        super().__init__(why)
        self.why, self.after = why, after


@dataclass(frozen=True)
class Timing:
    """How waits are waited and time is told; tests have their own."""

    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    clock: Callable[[], float] = time.monotonic


class Wire:
    """One organisation's Web API as a place to send requests to."""

    def __init__(self, url: str, session: aiohttp.ClientSession, tokens: Tokens, timing: Timing) -> None:
        self.url = url.rstrip("/")
        self._session, self._tokens = session, tokens
        self._sleep, self._clock = timing.sleep, timing.clock
        self._callers: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        self._together = asyncio.Semaphore(TOGETHER)
        self._not_before = 0.0

    def address(self, path: str) -> str:
        """The whole address of a path below this API; what is whole already came from somewhere else."""
        if SCHEME.match(path):
            raise unreachable(say("why.referred_another_address"))
        return self.url + API + path

    def path(self, link: object) -> str:
        """A link of an answer as a path below this API: a token goes nowhere else, whatever is answered."""
        address, root = read_address(str(link)), read_address(self.url + API)
        path = address.below(root) if address and root else None
        if path is None:
            raise unreachable(say("why.referred_another_address"))
        return path

    async def exchange(
        self, method: str, path: str, user: User | None, content: bytes | None,
        headers: Mapping[str, str], budget: float, check: Callable[[Reply], None] | None = None,
    ) -> Reply:  # fmt: skip
        """The answer to a request, within the budget (seconds); raises ServiceFault, Unavailable.

        `check` may look at an answer and raise Again. Writes too are tried again: their keys make sure
        that twice is once.
        """
        deadline = self._clock() + budget
        jitter = wait_random_exponential(multiplier=0.25, max=4)

        def wait(state: RetryCallState) -> float:
            error = state.outcome.exception() if state.outcome else None
            return max(jitter(state), error.after if isinstance(error, Again) else 0.0)

        def is_over(state: RetryCallState) -> bool:
            return self._clock() + state.upcoming_sleep >= deadline

        retrying = AsyncRetrying(
            retry=retry_if_exception_type(Again), wait=wait, stop=is_over, sleep=self._sleep, reraise=True
        )
        try:
            async for attempt in retrying:
                with attempt:
                    reply = await self._once(method, path, user, content, headers, deadline)
                    if check:
                        check(reply)
                    return reply
        except Again as error:
            raise unreachable(error.why) from None
        raise unreachable(say("why.no_try_left"))

    async def _once(
        self, method: str, path: str, user: User | None, content: bytes | None,
        headers: Mapping[str, str], deadline: float,
    ) -> Reply:  # fmt: skip
        claims = token = ""
        for is_last in (False, True):
            token = await self._tokens.for_app(self.url, claims=claims, refused=token)
            sent = {**self._headers(token, user), **headers}
            async with self._turn(user, deadline):
                reply = await self._exchange(method, self.address(path), content, sent, deadline)
            if reply.status != 401 or is_last:
                break
            claims = _claims(reply.headers.get("WWW-Authenticate", ""))
        if reply.status in BUSY:
            after = retry_after(reply.headers.get("Retry-After", ""))
            self._not_before = max(self._not_before, self._clock() + after if reply.status == 429 else 0.0)
            raise Again(say("why.status", status=reply.status), after)
        if reply.status >= 400:
            raise read_fault(reply.status, reply.body)
        if reply.status >= 300:  # nothing was done, and the token goes nowhere else
            raise unreachable(say("why.referred_another_address"))
        return reply

    async def _exchange(
        self, method: str, address: str, content: bytes | None, headers: Mapping[str, str], deadline: float
    ) -> Reply:
        left = aiohttp.ClientTimeout(total=max(deadline - self._clock(), 0.05))
        body = io.BytesIO(content) if content is not None else None
        try:
            async with self._session.request(
                method,
                URL(address, encoded=True),
                data=body,
                headers=headers,
                timeout=left,
                allow_redirects=False,
            ) as response:
                content = await read_all(response.content.iter_chunked(PIECE), MOST_JSON)
                return Reply(response.status, CIMultiDict(response.headers), content)
        except TooLong:
            raise unreachable(say("why.answer_longer_than_we_take")) from None
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Again(type(error).__name__) from None

    def _headers(self, token: str, user: User | None) -> dict[str, str]:
        headers = {
            "Authorization": f"Bearer {token}",
            "Accept": "application/json",
            "OData-Version": "4.0",
            "OData-MaxVersion": "4.0",
            "Prefer": ANNOTATIONS,
        }
        if user is not None:
            headers["CallerObjectId"] = impersonated(user)
        return headers

    @asynccontextmanager
    async def _turn(self, user: User | None, deadline: float) -> AsyncIterator[None]:
        """Wait until the service may be asked, and until the caller has a place."""
        key = user.object_id if user else ""
        caller = self._callers.setdefault(key, asyncio.Semaphore(PER_CALLER))
        async with AsyncExitStack() as places:
            try:
                async with asyncio.timeout(deadline - self._clock()):
                    await places.enter_async_context(caller)
                    await places.enter_async_context(self._together)
            except TimeoutError:
                raise unreachable(say("why.too_much_asked_at_same")) from None
            pause = self._not_before - self._clock()
            if pause > 0:
                if self._not_before >= deadline:
                    raise unreachable(say("why.asked_pause"))
                await self._sleep(pause)
            yield


def impersonated(user: User) -> str:
    """The account that the service shall act for; raises NotAllowed for a user without one."""
    if not user.object_id:
        raise NotAllowed("no_entra_account")
    return user.object_id


def retry_after(text: str) -> float:
    """The seconds of a Retry-After header, 0 if it says none."""
    return float(text) if text.replace(".", "", 1).isdigit() else 0.0


def _claims(challenge: str) -> str:
    """The claims challenge (JSON) of a WWW-Authenticate header, "" if there is none."""
    found = CLAIMS.search(challenge)
    if not found:
        return ""
    try:
        padded = found[1] + "=" * (-len(found[1]) % 4)
        return base64.urlsafe_b64decode(padded).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return ""
