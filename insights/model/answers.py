"""What any port may answer: a page of a list, a finding of a look."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from insights.words import Said

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A slice of a list: `next` continues it, None ends it."""

    items: Sequence[T]
    next: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What a look at one requirement found; the cause is in plain words and names no person."""

    state: Literal["met", "not met", "unknown"]
    cause: Said = ""


MET = Finding("met")
