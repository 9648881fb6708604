"""Liaison as it is served, but for what would leave the machine: its own token, and the pace of Teams."""

import asyncio
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from addin.observe import set_up_logs
from app import serve
from benchmarks.turns.callers import TENANT
from benchmarks.turns.listening import parser
from bot.bot import open_bot
from bot.credentials import AppCredentials
from bot.door import BotDoor
from cli.server import new_event_loop
from insights.settings import read_settings


def grant() -> Mapping[str, Any]:
    """What Entra would answer."""
    return {"access_token": "of the bot", "expires_in": 86_400}


def main() -> None:
    """Serve until the end is asked for."""
    arguments = parser()
    arguments.add_argument("--data", type=Path, required=True)
    arguments.add_argument("--app-id", required=True)
    arguments.add_argument("--metadata", required=True)
    given = arguments.parse_args()
    set_up_logs("error", sys.stderr)
    settings = read_settings(
        data_dir=given.data,
        microsoft_app_id=given.app_id,
        bot_open_id_metadata=given.metadata,
        entra_tenants=TENANT,
    )
    opened = partial(open_bot, is_local=False, credentials=AppCredentials(grant), is_paced=False)
    bot = BotDoor(app_id=given.app_id, is_local=False, open_bot=opened)
    serving = serve(settings, host="127.0.0.1", port=given.port, is_demo=False, greet=_greet, bot=bot)
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(serving)


def _greet(_: str, *, is_demo: bool) -> None:
    """Nobody reads it."""


if __name__ == "__main__":
    main()
