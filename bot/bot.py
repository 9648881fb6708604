"""The bot of one installation, put together: what `/api/messages` calls and what runs beside it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from bot.adapter import Adapter
from bot.chats import Chats
from bot.connector import Connector, Limits
from bot.credentials import Credentials, NoCredentials
from bot.handler import Handler
from bot.notifier import Redrawer
from bot.pushing import Pusher
from bot.tokens import TokenValidator
from bot.trust import Trust
from insights.services import Services
from insights.settings import Settings


class Bot:
    """Takes activities; use `open_bot`."""

    def __init__(self, adapter: Adapter, handler: Handler) -> None:
        self._adapter = adapter
        self._handler = handler

    async def receive(self, raw: bytes, authorization: str, base_url: str) -> tuple[int, Any]:
        """Run an activity's turn: status and JSON, None for no body.

        Raises Invalid, NotSignedIn, NotAllowed.
        """
        return await self._adapter.process(raw, authorization, base_url, self._handler.on_turn)


@asynccontextmanager
async def open_bot(
    services: Services,
    *,
    is_local: bool,
    credentials: Credentials | None = None,
    is_paced: bool = True,
) -> AsyncIterator[Bot]:
    """The bot with its pooled session; `is_local` believes clients on this machine, and only those.

    `credentials` get the token for Teams, None on this machine; `is_paced` keeps to the pace it allows.
    """
    settings = services.settings
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=64)) as session:
        trust = Trust.local() if is_local else Trust.of(settings)
        limits = Limits() if is_paced and not is_local else None
        connector = Connector(session, credentials or NoCredentials(), limits, trust.reaches)
        validator = None if is_local else _validator(settings, session)
        chats = Chats(services, connector, trust)
        if not is_local:
            await chats.conversations.forget_foreign(trust)
        handler = Handler(services, chats)
        beside = [
            asyncio.create_task(Redrawer(services, chats).keep_redrawing()),
            asyncio.create_task(Pusher(services, chats).keep_pushing()),
        ]
        try:
            yield Bot(Adapter(connector, validator, trust), handler)
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
            await handler.close()


def _validator(settings: Settings, session: aiohttp.ClientSession) -> TokenValidator:
    return TokenValidator(settings.microsoft_app_id, session, metadata=settings.bot_open_id_metadata)
