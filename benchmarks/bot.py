"""Turns of the bot, eight in flight: a full `untracked` turn beside echo bots on Microsoft's SDKs.

All run at the same time and are called in turn, so that whatever else the machine does slows down each
of them. What they send is counted where it arrives; a turn is over when the bot answered its request.
"""

import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import aiohttp
import jwt
import psutil
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from benchmarks.measure import Figure, percentile
from benchmarks.server import ROOT, Server, started, wait_for
from benchmarks.startup import resident
from benchmarks.turns.callers import TOKEN
from benchmarks.turns.channel import KEYS
from benchmarks.turns.organization import found
from bot.tokens import ISSUER
from insights.settings import read_settings

APP_ID = "1fcd2a44-6a2c-4bd0-8b1e-3c1b3a6f9d10"
KEY_ID = "benchmark"
ROUNDS = 5
TURNS = 400
WARM_UP = 80
BASELINE = "botbuilder CloudAdapter echo"
AGENTS = "Microsoft Agents SDK echo"
LIAISON = "untracked turn"
EARLY, LATE = 10_000, 100_000


@dataclass(frozen=True, slots=True)
class Party:
    """A bot to call: its server, the bearer token it wants, and what arrives for each turn."""

    server: Server
    token: str
    arrives: str


@dataclass(frozen=True, slots=True)
class Round:
    """What one round of turns took: turns a second, seconds of each turn, the bot's CPU seconds a turn."""

    rate: float
    taken: list[float]
    cpu: float


async def measure() -> list[Figure]:
    """Turns a second beside both echo bots, how even they are, and memory as they go on."""
    async with _open_channel() as (channel, token), AsyncExitStack() as stack:
        parties = {
            BASELINE: await _open_echo(stack, "botbuilder_echo"),
            AGENTS: await _open_echo(stack, "agents_echo"),
            LIAISON: await stack.enter_async_context(_open_liaison(channel, token)),
        }
        for party in parties.values():
            await _turns(party, channel, WARM_UP)
        rounds = [
            {name: await _turns(party, channel, TURNS) for name, party in parties.items()}
            for _ in range(ROUNDS)
        ]
    return _compare({name: [each[name] for each in rounds] for name in parties})


async def measure_memory(early: int = EARLY, late: int = LATE) -> list[Figure]:
    """How much larger the server's memory is after `late` turns than after `early` ones."""
    async with _open_channel() as (channel, token), _open_liaison(channel, token) as party:
        await _turns(party, channel, early)
        before = resident(party.server.pid)
        await _turns(party, channel, late - early)
        after = resident(party.server.pid)
    return [
        Figure(f"memory after {early:,} turns", before, "MiB"),
        Figure(f"memory after {late:,} turns", after, "MiB"),
        Figure(f"memory growth, {early:,} → {late:,} turns", after / before, "×", 1.1, f"{early:,} turns"),
    ]


def _compare(rounds: Mapping[str, list[Round]]) -> list[Figure]:
    figures = []
    for name, each in rounds.items():
        figures.append(Figure(name, median(one.rate for one in each), "turns/s"))
        figures.append(Figure(f"{name}, CPU of the bot", median(one.cpu for one in each) * 1000, "ms/turn"))
    for name, bound in ((BASELINE, 3.0), (AGENTS, None)):
        pairs = zip(rounds[LIAISON], rounds[name], strict=True)
        times = median(ours.rate / theirs.rate for ours, theirs in pairs)
        figures.append(Figure(f"{LIAISON}s ÷ {name} turns", times, "×", bound, name, at_least=True))
    p50 = median(percentile(one.taken, 0.5) for one in rounds[LIAISON])
    spread = median(percentile(one.taken, 0.99) / percentile(one.taken, 0.5) for one in rounds[LIAISON])
    return [
        *figures,
        Figure(f"{LIAISON} p50", p50 * 1000, "ms"),
        Figure(f"{LIAISON} p99 ÷ p50", spread, "×", 2, f"{LIAISON} p50"),
    ]


@asynccontextmanager
async def _open_channel() -> AsyncIterator[tuple[str, str]]:
    """(address of a channel, the token with which it signs)."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    keys = {"keys": [public | {"kid": KEY_ID, "endorsements": ["msteams"]}]}
    module = "benchmarks.turns.channel"
    async with started(module, variables={KEYS: json.dumps(keys)}) as server:
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": APP_ID, "iat": now, "exp": now + 86_400, "serviceurl": server.url}
        yield server.url, jwt.encode(claims, key, "RS256", headers={"kid": KEY_ID})


async def _open_echo(stack: AsyncExitStack, module: str) -> Party:
    server = await stack.enter_async_context(started(f"benchmarks.turns.{module}"))
    return Party(server, "", "messages")


@asynccontextmanager
async def _open_liaison(channel: str, token: str) -> AsyncIterator[Party]:
    with tempfile.TemporaryDirectory(prefix="liaison-bench") as folder:
        await found(read_settings(data_dir=Path(folder), log_level="error"), datetime.now(UTC))
        options = ("--data", folder, "--app-id", APP_ID, "--metadata", f"{channel}/metadata")
        async with started("benchmarks.turns.liaison", *options) as server:
            await wait_for(f"{server.url}/readyz")
            yield Party(server, token, "cards of 10 rows")


async def _turns(party: Party, channel: str, turns: int) -> Round:
    """So many turns of callers in a process of their own; raises unless everything arrived."""
    process = psutil.Process(party.server.pid)
    before, used = await _arrived(channel, party.arrives), sum(process.cpu_times()[:2])
    result = await _call(party, channel, turns)
    arrived = await _arrived(channel, party.arrives) - before
    if arrived != turns:
        raise RuntimeError(f"{arrived} {party.arrives} arrived in {turns} turns")
    used = sum(process.cpu_times()[:2]) - used
    return Round(turns / result["seconds"], result["taken"], used / turns)


async def _call(party: Party, channel: str, turns: int) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.turns.callers", party.server.url, channel, str(turns)),
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": ".", TOKEN: party.token},
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    if process.returncode != 0:
        raise RuntimeError("the callers were refused")
    result: dict[str, Any] = json.loads(output)
    return result


async def _arrived(channel: str, what: str) -> int:
    async with aiohttp.ClientSession() as session, session.get(f"{channel}/counts") as answer:
        return int((await answer.json()).get(what, 0))


if __name__ == "__main__":
    print(*asyncio.run(measure()), sep="\n")
