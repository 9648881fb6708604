"""Liaison on whatever the environment names: `python -m tests.standins.server --port N [--data DIR]`.

Its bot believes clients on this machine, as the Agents Playground is one; everything else is what
`liaison serve` runs.
"""

import argparse
import asyncio
import sys
from pathlib import Path

from addin.observe import set_up_logs
from app import serve
from bot.door import BotDoor
from cli.server import new_event_loop
from insights.settings import read_settings


def _greet(address: str, *, is_demo: bool) -> None:
    sys.stdout.write(f"Liaison {'with its demo ' if is_demo else ''}runs at {address}\n")
    sys.stdout.flush()


def main() -> None:
    """Read the arguments and serve until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m tests.standins.server", description=__doc__)
    parser.add_argument("--port", type=int, default=3978)
    parser.add_argument("--data", type=Path)
    given = parser.parse_args()
    settings = read_settings(data_dir=given.data)
    set_up_logs(settings.log_level, sys.stderr)
    bot = BotDoor(app_id="", is_local=True)
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(serve(settings, host="127.0.0.1", port=given.port, is_demo=False, greet=_greet, bot=bot))


if __name__ == "__main__":
    main()
