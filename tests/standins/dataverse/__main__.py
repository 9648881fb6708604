"""Starts it by hand: `python -m tests.standins.dataverse --port N [--testdata DIR] [--rows FILE]`."""

import argparse
import asyncio
from pathlib import Path

from tests.standins.dataverse.server import read_rows, running_dataverse
from tests.standins.place import find_testdata


async def run(port: int, testdata: Path, rows: Path | None) -> None:
    """Serve until interrupted."""
    async with running_dataverse(testdata, port=port) as standin:
        if rows:
            standin.fill(read_rows(rows))
        print(f"Dataverse stand-in at {standin.url}/api/data/v9.2/", flush=True)  # noqa: T201
        await asyncio.Event().wait()


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m tests.standins.dataverse", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--testdata", type=Path)
    parser.add_argument("--rows", type=Path, help="JSON: rows by entity set, every value a text")
    given = parser.parse_args()
    try:
        asyncio.run(run(given.port, find_testdata(given.testdata), given.rows))
    except KeyboardInterrupt:
        return


if __name__ == "__main__":
    main()
