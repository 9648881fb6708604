"""Runs the benchmarks and writes results.json: `python -m benchmarks [--large]`."""

import argparse
import asyncio
import json
import sys
from pathlib import Path

from benchmarks import bot, events, importing, opening, pane, rows, startup, timeline
from benchmarks.measure import Figure

RESULTS = Path(__file__).parent / "results.json"


async def run(*, large: bool) -> list[Figure]:
    """All figures; the large ones take longer than ten minutes."""
    if large:
        return [
            *await timeline.measure((1_000_000,)),
            *await rows.measure((10_000, 1_000_000)),
            *await bot.measure_memory(),
        ]
    return [
        *await timeline.measure((10_000, 100_000)),
        *await rows.measure((10_000, 100_000)),
        *await importing.measure(),
        *await startup.measure(),
        *await pane.measure(),
        *await bot.measure(),
        *await opening.measure(),
        *await events.measure(),
    ]


def main() -> int:
    """Print each figure, keep them all; 1 where a bound does not hold."""
    parser = argparse.ArgumentParser(prog="benchmarks")
    parser.add_argument("--large", action="store_true", help="what takes longer than 10 minutes")
    figures = asyncio.run(run(large=parser.parse_args().large))
    measured = [figure.row() for figure in figures]
    for row in measured:
        bound = (
            ""
            if row["bound"] is None
            else f"  (bound {row['bound']}: {'holds' if row['holds'] else 'MISSED'})"
        )
        print(f"{row['name']}: {row['value']} {row['unit']}{bound}")
    known = json.loads(RESULTS.read_text()) if RESULTS.exists() else []
    names = {row["name"] for row in measured}
    kept = [row for row in known if row["name"] not in names]
    RESULTS.write_text(json.dumps(kept + measured, indent=1, ensure_ascii=False) + "\n")
    return 1 if any(row["holds"] is False for row in measured) else 0


if __name__ == "__main__":
    sys.exit(main())
