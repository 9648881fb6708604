"""The Bot Connector REST API on one pooled session: activities go out as the dicts they are.

Sends wait their turn (Teams allows an app 30 requests a second in a tenant, 7 in a chat) and are tried
again where Teams asks for it.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any, Literal
from urllib.parse import quote

import aiohttp
from aiolimiter import AsyncLimiter
from pydantic_core import from_json, to_json
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception_type,
    stop_after_attempt,
    wait_random_exponential,
)
from yarl import URL

from bot.credentials import Credentials
from insights.errors import NotAllowed, NotFound, Problem, Unavailable
from insights.outside import WebAddress, read_address, read_all
from insights.words import Said, say

Method = Literal["GET", "POST", "PUT", "DELETE"]
JSON = {"Content-Type": "application/json; charset=utf-8"}
TRANSIENT = {412, 429, 502, 503, 504}
ATTEMPTS = 5
LONGEST_WAIT = 20.0
CHATS_REMEMBERED = 4096
MOST_BYTES, PIECE = 1_048_576, 65_536
"""What an answer may hold: it is an id, or one member of a chat, of some hundred bytes."""
TIMEOUT = aiohttp.ClientTimeout(total=15)
NO_ANSWER = "no_answer"
"""The code where a request left, and what came of it is not known."""
_spread = wait_random_exponential(multiplier=0.2, max=5)


class Limits:
    """How fast we may send: requests a second over all chats and in each one."""

    def __init__(self, *, overall: float = 30, per_chat: float = 7) -> None:
        self._overall = AsyncLimiter(overall, 1)
        self._chat = lru_cache(maxsize=CHATS_REMEMBERED)(lambda _: AsyncLimiter(per_chat, 1))

    async def wait(self, conversation_id: str) -> None:
        """Return when another request to this chat may leave."""
        await self._chat(conversation_id).acquire()
        await self._overall.acquire()


class Throttled(Exception):
    """The connector asks to come back later; `after` in seconds, None where it does not say when."""

    def __init__(self, status: int, after: float | None) -> None:
        super().__init__(status)
        self.status, self.after = status, after


class Connector:
    """Sends, updates and deletes activities; `limits` None = as fast as the channel takes them.

    Service URLs come out of activities and databases; those that `reaches` denies are asked nothing.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        credentials: Credentials,
        limits: Limits | None,
        reaches: Callable[[WebAddress], bool],
    ) -> None:
        self._reaches = reaches
        self._session = session
        self._credentials = credentials
        self._limits = limits

    async def send(
        self,
        service_url: str,
        conversation_id: str,
        activity: Mapping[str, Any],
        *,
        attempts: int = ATTEMPTS,
    ) -> str:
        """Send an activity, as a reply where it names `replyToId`; the id it got.

        Unavailable of the code `NO_ANSWER` where nobody knows whether Teams has it.
        """
        path = [conversation_id, "activities"]
        if activity.get("replyToId"):
            path.append(activity["replyToId"])
        answer = await self._call("POST", service_url, path, conversation_id, activity, attempts)
        return str(answer.get("id") or "")

    async def update(
        self, service_url: str, conversation_id: str, activity_id: str, activity: Mapping[str, Any]
    ) -> None:
        """Replace an activity that was sent."""
        path = [conversation_id, "activities", activity_id]
        await self._call("PUT", service_url, path, conversation_id, {**activity, "id": activity_id})

    async def delete(self, service_url: str, conversation_id: str, activity_id: str) -> None:
        """Delete an activity that was sent."""
        path = [conversation_id, "activities", activity_id]
        await self._call("DELETE", service_url, path, conversation_id)

    async def create_conversation(self, service_url: str, parameters: Mapping[str, Any]) -> str:
        """The id of the own chat with a member, made if there is none; NotAllowed without our app there."""
        answer = await self._call("POST", service_url, [], "", parameters)
        return str(answer.get("id") or "")

    async def member(self, service_url: str, conversation_id: str, member_id: str) -> Mapping[str, Any]:
        """A member of a conversation as the roster lists it; NotFound for a stranger."""
        path = [conversation_id, "members", member_id]
        return await self._call("GET", service_url, path, conversation_id)

    async def _call(
        self,
        method: Method,
        service_url: str,
        path: Sequence[str],
        conversation_id: str,
        body: Mapping[str, Any] | None = None,
        attempts: int = ATTEMPTS,
    ) -> Mapping[str, Any]:
        url = self._url(service_url, path)
        data = None if body is None else to_json(body)
        try:
            async for attempt in AsyncRetrying(
                retry=retry_if_exception_type(Throttled),
                stop=stop_after_attempt(attempts),
                wait=_wait,
                reraise=True,
            ):
                with attempt:
                    return await self._request(method, url, conversation_id, data)
        except Throttled as throttled:
            raise _unavailable(
                say("why.answered_times", status=throttled.status, attempts=attempts)
            ) from None
        except aiohttp.ClientConnectorError as error:
            raise _unavailable(type(error).__name__) from None
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise _unavailable(type(error).__name__, NO_ANSWER) from None
        raise AssertionError("unreachable")

    def _url(self, service_url: str, path: Sequence[str]) -> URL:
        """The address of a resource; NotFound where the service URL or an id leads anywhere else."""
        base = read_address(service_url)
        if base is None or not base.is_plain or not self._reaches(base):
            raise _nowhere(say("why.address_none_teams"))
        if any(not part.strip(".") for part in path):  # dots alone are a way up, encoded or not
            raise _nowhere(say("why.id_none"))
        parts = "".join(f"/{quote(part, safe='')}" for part in path)
        return URL(f"{base}/v3/conversations{parts}", encoded=True)

    async def _request(
        self, method: Method, url: URL, conversation_id: str, data: bytes | None
    ) -> Mapping[str, Any]:
        if self._limits:
            await self._limits.wait(conversation_id)
        token = await self._credentials.token()
        headers = JSON | ({"Authorization": f"Bearer {token}"} if token else {})
        async with self._session.request(
            method, url, data=data, headers=headers, timeout=TIMEOUT, allow_redirects=False
        ) as answer:
            if answer.status in TRANSIENT:
                raise Throttled(answer.status, _seconds(answer.headers.get("Retry-After")))
            if answer.status >= 300:
                raise _refused(answer.status)
            return _read(await read_all(answer.content.iter_chunked(PIECE), MOST_BYTES))


def _read(raw: bytes) -> Mapping[str, Any]:
    found = from_json(raw) if raw.strip() else {}
    return found if isinstance(found, dict) else {}


def _wait(state: RetryCallState) -> float:
    """What the connector asked for, else longer and longer at random, so that many do not come at once."""
    error = state.outcome.exception() if state.outcome else None
    after = error.after if isinstance(error, Throttled) else None
    spread = _spread(state)
    return min(after, LONGEST_WAIT) + spread if after is not None else spread


def _seconds(header: str | None) -> float | None:
    """`Retry-After` in seconds, which may be given as a date."""
    if not header or header.isdecimal():
        return float(header) if header else None
    try:
        return max((parsedate_to_datetime(header) - datetime.now(UTC)).total_seconds(), 0.0)
    except (ValueError, TypeError):
        return None


def _refused(status: int) -> Problem:
    if status in {401, 403}:
        return NotAllowed("teams_refused", status=status)
    if status == 404:
        return _nowhere(say("why.answered_404"))
    return _unavailable(say("why.answered", status=status))


def _nowhere(why: Said) -> NotFound:
    return NotFound("no_conversation.nowhere", why=why)


def _unavailable(why: Said, key: str = "no_teams") -> Unavailable:
    return Unavailable(key, why=why)
