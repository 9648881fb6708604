"""The embedded CRM asked by value: a week of one seller among all activities, and what changed since."""

import asyncio
import random
import tempfile
from collections.abc import Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection

from benchmarks.measure import Figure, percentile, time_each
from connectors.embedded.crm.crm import EmbeddedCrm
from connectors.embedded.crm.row import StoredRow, chunks
from connectors.embedded.crm.standard import standard_schema
from connectors.embedded.crm.writing import count_change, write_rows
from insights.crm.conditions import Column, Compare, Every
from insights.crm.rows import Order, RowQuery
from insights.database import Database
from insights.model import RecordRef, User

SELLERS = 200
DAYS = 365
TIMES = 200
SUBJECT, OWNER = Column("subject"), Column("ownerid", "lookup")
START, STATE = Column("scheduledstart", "time"), Column("statecode", "option")


async def measure(sizes: tuple[int, ...]) -> list[Figure]:
    """Per number of activities the p95 of a seller's week, and of the changes after one row changed."""
    figures: list[Figure] = []
    medians = []
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="liaison-bench") as folder:
            weeks, changes = await _measure(Path(folder), size)
        bound = 20.0 if size == 1_000_000 else None
        name = f"rows by owner and date, {size:,} activities"
        figures.append(Figure(f"{name}: p95", percentile(weeks, 0.95), "ms", bound))
        medians.append(percentile(changes, 0.5))
        figures.append(Figure(f"changes of one row, {size:,} activities: p50", medians[-1], "ms"))
    if len(sizes) > 1:
        name = f"changes of one row, {sizes[0]:,} → {sizes[-1]:,} activities"
        figures.append(Figure(name, medians[-1] / medians[0], "×", 1.5, f"{sizes[0]:,} activities"))
    return figures


async def _measure(folder: Path, size: int) -> tuple[list[float], list[float]]:
    now, chance = datetime.now(UTC), random.Random(size)
    async with AsyncExitStack() as stack:
        database = Database("crm", data_dir=folder)
        stack.push_async_callback(database.close)
        crm = EmbeddedCrm(database, now=lambda: now)
        await crm.start()
        for batch in chunks(_appointments(size, now), 20_000):
            await database.write(_write, batch)
        seller = User("seller-7", "Seller", "", ("Salesperson",))

        async def ask_week() -> None:
            week = now + timedelta(days=chance.uniform(-DAYS / 2, DAYS / 2 - 7))
            condition = Every(
                [
                    Compare(OWNER, "eq", seller.id),
                    Compare(START, "ge", week),
                    Compare(START, "lt", week + timedelta(days=7)),
                    Compare(STATE, "eq", 0),
                ]
            )
            [found] = await crm.rows(seller, [RowQuery("appointment", [START], condition, [Order(START)])])
            if len(found) > size / SELLERS:
                raise RuntimeError("too many rows")

        weeks = await time_each(ask_week, TIMES)
        cursor, more = "", True
        while more:
            page = await crm.changes("appointment", [START], cursor)
            cursor, more = page.cursor, page.has_more
        await crm.update(None, RecordRef("appointment", "a7"), {SUBJECT: "Changed"})

        async def ask_changes() -> None:
            if len((await crm.changes("appointment", [SUBJECT], cursor)).rows) != 1:
                raise RuntimeError("one row changed")

        return weeks, await time_each(ask_changes, TIMES)


def _appointments(size: int, now: datetime) -> Iterator[StoredRow]:
    chance = random.Random(size)
    for number in range(size):
        start = now + timedelta(days=chance.uniform(-DAYS / 2, DAYS / 2))
        yield StoredRow(
            "appointment",
            f"a{number}",
            f"Visit {number % 1000}",
            now,
            now,
            {
                "scheduledstart": start.isoformat(),
                "scheduledend": (start + timedelta(hours=1)).isoformat(),
                "regardingobjectid": ["account", f"account-{number % 50_000}"],
                "ownerid": ["systemuser", f"seller-{number % SELLERS}"],
            },
            state=int(start < now),
        )


def _write(connection: Connection, batch: list[StoredRow]) -> None:
    count_change(connection)
    write_rows(connection, standard_schema(), batch, set())


if __name__ == "__main__":
    for figure in asyncio.run(measure((10_000, 100_000))):
        print(figure.row())
