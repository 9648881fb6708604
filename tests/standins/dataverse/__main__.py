"""Starts it by hand: `python -m tests.standins.dataverse --port N [--testdata DIR] [--rows FILE]`."""

import argparse
import asyncio
import os
from pathlib import Path

from tests.standins.dataverse.server import read_rows, running_dataverse

TESTDATA = Path(__file__).parents[3] / ".." / "shared" / "testdata"


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
    parser.add_argument("--testdata", type=Path, default=Path(os.environ.get("LIAISON_TESTDATA", TESTDATA)))
    parser.add_argument("--rows", type=Path, help="JSON: rows by entity set, every value a text")
    given = parser.parse_args()
    try:
        asyncio.run(run(given.port, given.testdata, given.rows))
    except KeyboardInterrupt:
        return


if __name__ == "__main__":
    main()
