"""Signing in from Teams, where Entra wants to see somebody before their mail can be read for them.

Teams gets a token for us by itself (`signin/tokenExchange`); where that takes a person, they sign in on a
page of ours, whose code comes back by `signin/verifyState`. What had been asked for is then answered.
"""

import asyncio
import base64
import binascii
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import uuid4

from bot.activities import Incoming
from bot.chats import Chats
from bot.delivery import Delivery
from bot.turns import INVOKE_SECONDS, Answer
from cards.notice import notice_card
from cards.words import read_words
from insights.errors import NotSignedIn, SignInNeeded, Unavailable
from insights.links import application_id_uri, sign_in_link
from insights.services import Services
from insights.settings import Settings
from insights.sign_in_codes import is_code_of

OAUTH_CARD = "application/vnd.microsoft.card.oauth"
LOGIN_REQUEST = "application/vnd.microsoft.activity.loginRequest"
PRECONDITION_FAILED = "application/vnd.microsoft.error.preconditionFailed"
CONNECTION = "liaison"
"""Teams only hands it back: tokens are exchanged by us, not by the Bot Framework's token service."""
LONGEST_TOKEN, LONGEST_QUESTION = 20_000, 500


@dataclass(frozen=True, slots=True)
class Exchange:
    """A token that Teams got for us, and the question it belongs to."""

    id: str
    token: str

    @property
    def question(self) -> str:
        """What had been written when the sign-in was asked for, "" where it was a button."""
        try:
            return base64.urlsafe_b64decode(self.id.partition(".")[2]).decode()
        except (binascii.Error, ValueError):
            return ""

    def key(self, incoming: Incoming) -> str:
        """The same for every device of one person that hands in a token for this question."""
        parts = ("exchange", incoming.conversation_id, incoming.sender.id, self.id)
        return sha256("\n".join(parts).encode()).hexdigest()


class SignIns:
    """Takes what comes back from sign-ins; answers are (status, JSON) of an invoke."""

    def __init__(self, services: Services, chats: Chats, delivery: Delivery) -> None:
        self._services, self._chats, self._delivery = services, chats, delivery

    async def exchange(
        self, incoming: Incoming, exchange: Exchange | None, answer: Callable[[str], Awaitable[Answer]]
    ) -> tuple[int, Any]:
        """Take the token that Teams got for us, then `answer` what had been written.

        412 lets Teams show the button: the token is not the sender's, or does not suffice. It is never
        answered by another request to sign in, which Teams would meet with the same token for ever.
        """
        if exchange is None:
            return 400, {"error": {"code": "BadRequest", "message": "no token"}}
        if not await self._chats.conversations.take_key(exchange.key(incoming)):
            return 200, {}  # another device of theirs was quicker
        try:
            await self.accept(incoming, exchange)
            answering = asyncio.create_task(self._answer(incoming, exchange.question, answer))
            done, _ = await asyncio.wait({answering}, timeout=INVOKE_SECONDS)
            if done:
                await self._delivery.show(incoming, answering.result())
            else:
                self._delivery.do_later(self._show_late(incoming, answering))
        except (NotSignedIn, Unavailable) as problem:
            return 412, {"id": exchange.id, "connectionName": CONNECTION, "failureDetail": problem.code}
        return 200, {}

    async def verify(self, incoming: Incoming, code: object) -> tuple[int, Any]:
        """Take the code of our sign-in page, to which the token was brought already."""
        user, now = await self._chats.identify(incoming), self._services.now()
        if not (user and isinstance(code, str)):
            return 412, {}
        if not is_code_of(self._services.keys, code, user.object_id, now):
            return 412, {}
        await self._delivery.show(incoming, _signed_in(incoming))
        return 200, {}

    async def accept(self, incoming: Incoming, exchange: Exchange) -> None:
        """Keep the token for its owner; raises NotSignedIn where that is not the sender."""
        user = await self._chats.identify(incoming)
        identity = await self._services.directory.identify(exchange.token)
        if user is None or not identity.object_id or identity.object_id != user.object_id:
            raise NotSignedIn("bad_token.foreign")

    @staticmethod
    async def _answer(
        incoming: Incoming, question: str, answer: Callable[[str], Awaitable[Answer]]
    ) -> Answer:
        return await answer(question) if question else _signed_in(incoming)

    async def _show_late(self, incoming: Incoming, answering: asyncio.Task[Answer]) -> None:
        words = read_words(incoming.locale)
        try:
            shown = await answering
        except SignInNeeded:
            shown = Answer(notice_card(words("bot.sign_in_failed"), [], words, is_error=True))
        await self._delivery.show(incoming, shown)


def ask(settings: Settings, incoming: Incoming, problem: SignInNeeded) -> Answer:
    """The card that asks somebody to sign in, and remembers what they had written."""
    return Answer(_oauth_card(settings, incoming, problem, incoming.words), content_type=OAUTH_CARD)


def login_request(settings: Settings, incoming: Incoming, problem: SignInNeeded) -> dict[str, Any]:
    """The answer to a button that needs a sign-in first: Teams presses it again with a token."""
    return {"statusCode": 401, "type": LOGIN_REQUEST, "value": _oauth_card(settings, incoming, problem, "")}


def refused(incoming: Incoming) -> dict[str, Any]:
    """The answer to a button whose token did not help: Teams shows the way to sign in."""
    message = read_words(incoming.locale)("bot.sign_in_failed")
    return {"statusCode": 412, "type": PRECONDITION_FAILED, "value": {"code": "412", "message": message}}


def read_exchange(value: Mapping[str, Any]) -> Exchange | None:
    """The token of `signin/tokenExchange`, or of a button's `authentication`; None where there is none."""
    exchange_id, token = value.get("id"), value.get("token")
    if not isinstance(exchange_id, str) or not isinstance(token, str):
        return None
    return Exchange(exchange_id, token) if 0 < len(token) <= LONGEST_TOKEN else None


def _signed_in(incoming: Incoming) -> Answer:
    words = read_words(incoming.locale)
    return Answer(notice_card(words("bot.signed_in"), [words("bot.signed_in_do")], words))


def _oauth_card(
    settings: Settings, incoming: Incoming, problem: SignInNeeded, question: str
) -> dict[str, Any]:
    words, base_url = read_words(incoming.locale), settings.public_url or incoming.base_url
    asked = base64.urlsafe_b64encode(question[:LONGEST_QUESTION].encode()).decode()
    link = sign_in_link(base_url, problem.claims)
    return {
        "text": words("bot.sign_in"),
        "connectionName": CONNECTION,
        "tokenExchangeResource": {
            "id": f"{uuid4().hex}.{asked}",
            "uri": application_id_uri(base_url, settings.entra_client_id),
        },
        "buttons": [{"type": "signin", "title": words("bot.sign_in_button"), "value": link}],
    }
