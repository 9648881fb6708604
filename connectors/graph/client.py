"""Getting an answer out of Graph: token, pace, time-outs, broken answers, claims challenges."""

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from connectors.graph.answers import Answer, read_answer, read_inner
from connectors.graph.bodies import read_body
from connectors.graph.calls import Call
from connectors.graph.pace import AskAgain, Budget, Pace
from connectors.graph.problems import elsewhere, refused, sign_in_again, too_long
from connectors.graph.rights import Asker, Grant, Rights
from connectors.tokens import Tokens
from insights.errors import Problem
from insights.outside import TooLong, read_address

if TYPE_CHECKING:
    import httpx
    from msgraph.graph_service_client import GraphServiceClient

BATCH = "/$batch"
CONNECTIONS = 100
CONNECT_SECONDS = 5.0


class GraphClient:
    """One pool of connections to Graph for the whole process; close it when done.

    The SDK's own retrying is not used: it sleeps as long as Graph asks, up to three minutes, with no
    regard to who waits, and knows nothing of mailboxes or of the requests inside a batch.
    """

    def __init__(self, base_url: str, tokens: Tokens) -> None:
        self.base_url = f"{base_url}/v1.0"
        self.rights, self.pace = Rights(tokens, base_url), Pace()
        self._loaded: tuple[httpx.AsyncClient, GraphServiceClient] | None = None
        self._lock = asyncio.Lock()

    async def sdk(self) -> "GraphServiceClient":
        """The SDK's request builders, loaded in a thread at the first question."""
        return (await self._open())[1]

    async def ask(self, asker: Asker, call: Call, budget: Budget) -> Answer:
        """The answer, refusals too; asked again while the budget lasts, then raises Unavailable."""
        async for attempt in self.pace.tries(asker.throttle, budget):
            with attempt:
                return await self.attempt(asker, call, budget)
        raise AssertionError("the attempts end with an answer or a Problem")

    async def attempt(self, asker: Asker, call: Call, budget: Budget, slots: int = 1) -> Answer:
        """One attempt that holds so many slots of the mailbox; raises AskAgain where another may help."""
        self.pace.require_open(asker.throttle)
        grant = await self.rights.grant(asker)
        async with self.pace.slots(asker.throttle, slots, budget):
            answer = await self._exchange(call, grant, budget)
            if refusal := _refusal(call, answer):
                grant = await self._renewed(asker, grant, refusal)
                answer = await self._exchange(call, grant, budget)
        answer = replace(answer, instead_of=grant.instead_of)
        if answer.status == 401:
            raise _still_refused(asker, answer)
        self._note_pause(asker, answer)
        return answer.require_final(is_repeatable=call.is_repeatable)

    def outside(self, link: str) -> str:
        """A whole address that Graph handed out, which is elsewhere by design; raises Unavailable."""
        address, ours = read_address(link), read_address(self.base_url)
        if address is None or ours is None or not address.is_safe or address.is_loopback > ours.is_loopback:
            raise elsewhere()
        return str(address)

    async def send(self, call: Call, budget: Budget, token: str = "") -> Answer:
        """One exchange without pace or renewal; a whole address (see `outside`) is asked with no token."""
        http, _ = await self._open()
        is_ours = call.url.startswith("/")
        if token and not is_ours:
            raise elsewhere()
        url = self.base_url + call.url if is_ours else self.outside(call.url)
        headers = dict(call.headers) | ({"Authorization": f"Bearer {token}"} if token else {})
        import httpx

        try:
            async with (
                asyncio.timeout(budget.left),
                http.stream(call.method, url, headers=headers, content=call.body) as response,
            ):
                content = await read_body(response, call.most_bytes)
        except httpx.ConnectError:
            raise AskAgain(None, is_throttled=False) from None
        except TooLong:
            raise too_long() from None
        except (httpx.TransportError, ValueError, TimeoutError):
            if not call.is_repeatable:  # nobody knows whether it was done
                raise AskAgain(None, is_throttled=False).problem() from None
            raise AskAgain(None, is_throttled=False) from None
        return read_answer(response.status_code, response.headers, content, self.base_url)

    async def close(self) -> None:
        """Close the connections for good."""
        async with self._lock:
            if self._loaded:
                await self._loaded[0].aclose()

    async def _exchange(self, call: Call, grant: Grant, budget: Budget) -> Answer:
        return await self.send(call, budget, grant.token)

    async def _renewed(self, asker: Asker, grant: Grant, answer: Answer) -> Grant:
        """Another token, once: the refused one was withdrawn, or does not answer a claims challenge."""
        if grant.instead_of:
            token = await self.rights.app_token(answer.claims, refused=grant.token)
            return Grant(token, grant.instead_of)
        return await self.rights.grant(asker, answer.claims, refused=grant.token)

    def _note_pause(self, asker: Asker, answer: Answer) -> None:
        if answer.status in {429, 503} and answer.pause:
            self.pace.close(asker.throttle, answer.pause)

    async def _open(self) -> "tuple[httpx.AsyncClient, GraphServiceClient]":
        async with self._lock:
            if self._loaded is None:
                self._loaded = await asyncio.to_thread(_load, self.base_url)
            return self._loaded


def _refusal(call: Call, answer: Answer) -> Answer | None:
    """The 401 in an answer: its own, or one inside a batch, where a mailbox's server judges the token too.

    A batch is asked again as a whole, for it only ever reads.
    """
    if answer.status == 401:
        return answer
    inner = answer.json.get("responses") if call.url == BATCH else None
    answers = map(read_inner, inner if isinstance(inner, list) else [])
    return next((each for each in answers if each.status == 401), None)


def _still_refused(asker: Asker, answer: Answer) -> Problem:
    """Why a new token is refused too: a user's sign-in counts no more; that of the app nobody can renew."""
    if asker.user is None:
        return refused(answer.status, answer.code)
    return answer.instead_of or sign_in_again(answer.claims)


def _load(base_url: str) -> "tuple[httpx.AsyncClient, GraphServiceClient]":
    """The transport and, on it, the SDK: half a second of imports."""
    import httpx
    from kiota_abstractions.authentication import AnonymousAuthenticationProvider
    from msgraph.graph_request_adapter import GraphRequestAdapter
    from msgraph.graph_service_client import GraphServiceClient

    for name in ("httpx", "httpcore"):  # they log addresses of requests, and these hold people's
        logging.getLogger(name).setLevel(logging.WARNING)
    limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS // 2)
    http = httpx.AsyncClient(
        limits=limits,
        timeout=httpx.Timeout(None, connect=CONNECT_SECONDS),
        headers={"Accept-Encoding": "gzip"},
        follow_redirects=False,  # a token goes nowhere else
    )
    adapter = GraphRequestAdapter(AnonymousAuthenticationProvider(), http)
    adapter.base_url = base_url
    sdk = GraphServiceClient(request_adapter=adapter)
    path = sdk.users.by_user_id("a").messages.by_message_id("b").attachments  # loads what is needed most
    path.to_get_request_information()
    return http, sdk
