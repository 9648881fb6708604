"""What a command is, and the kinds of its arguments."""

import argparse
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from insights.settings import Settings

Run = Callable[[argparse.Namespace, Settings], Coroutine[Any, Any, int | None]]
"""What a command does; it may return an exit code."""
PORTS = range(65536)
LONGEST_HOURS = 24 * 366


@dataclass(frozen=True, slots=True)
class Command:
    """A row of the table of commands: the words typed, what it does, its own arguments."""

    words: str
    sentence: str
    run: Run
    arguments: tuple[tuple[str, dict[str, Any]], ...] = ()


def argument(name: str, help_: str, **options: Any) -> tuple[str, dict[str, Any]]:
    """An argument of a command, as argparse wants it."""
    return name, {"help": help_, **options}


def hours(text: str) -> float:
    """Above 0, at most a leap year."""
    try:
        hours = float(text)
    except ValueError:
        hours = 0.0
    if 0 < hours <= LONGEST_HOURS:
        return hours
    raise argparse.ArgumentTypeError(f"hours are a number above 0, at most {LONGEST_HOURS}")


def port(text: str) -> int:
    """A port; 0 = any that is free."""
    if text.isdecimal() and int(text) in PORTS:
        return int(text)
    raise argparse.ArgumentTypeError("a port is a number from 0 to 65535")


def instant(text: str) -> datetime:
    """A time in ISO 8601; UTC where it names no zone."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("a time looks like 2026-11-20T08:00:00+01:00") from None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def utc_now() -> datetime:
    """The real time, aware."""
    return datetime.now(UTC)


JSON = argument("--json", "print the counts as JSON", action="store_true")
