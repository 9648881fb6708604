"""The way to the bot: it is imported and opened in the background, so that the server answers before."""

import asyncio
import contextlib
import importlib
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import TYPE_CHECKING, Any

from insights.errors import Unavailable
from insights.services import Services

if TYPE_CHECKING:
    from bot.bot import Bot

OPENING_SECONDS = 10.0


class BotDoor:
    """Hands out the bot once it is open; `is_local` is a bot for clients on this machine only.

    `open_session` gives what MSAL asks for tokens with, needed where the bot is not local; `open_bot` opens
    the bot in another way than the settings say.
    """

    def __init__(
        self,
        *,
        app_id: str,
        is_local: bool,
        open_session: Callable[[], Any] | None = None,
        open_bot: "Callable[[Services], AbstractAsyncContextManager[Bot]] | None" = None,
    ) -> None:
        self._is_local = is_local
        self._open_session, self._open_bot = open_session, open_bot
        self._is_set_up = bool(app_id) or is_local
        self._bot: Bot | None = None
        self._opened = asyncio.Event()

    async def open(self, services: Services, stack: AsyncExitStack) -> None:
        """Open the bot, if one is set up; it is closed with the stack."""
        if self._is_set_up:
            self._bot = await stack.enter_async_context(await self._opening(services))
            self._opened.set()

    async def take(self) -> "Bot":
        """The bot; raises Unavailable where none is set up."""
        if not self._is_set_up:
            raise Unavailable("no_bot.not_registered")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._opened.wait(), OPENING_SECONDS)
        if self._bot is None:
            raise Unavailable("no_bot.starting")
        return self._bot

    async def _opening(self, services: Services) -> "AbstractAsyncContextManager[Bot]":
        if self._open_bot:
            return self._open_bot(services)
        # botbuilder takes most of a second to import: in a thread, for others are being answered.
        await asyncio.to_thread(importlib.import_module, "bot.bot")
        from bot.bot import open_bot
        from bot.credentials import open_credentials

        if self._is_local:
            return open_bot(services, is_local=True)
        if self._open_session is None:
            raise RuntimeError("a bot for Teams needs something to ask for tokens with")
        credentials = open_credentials(services.settings, self._open_session)
        return open_bot(services, is_local=False, credentials=credentials)
