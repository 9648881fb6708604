"""What a row of the requirements is."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from insights.model import Finding
from insights.requirements.setup import Part, Setup

Look = Callable[[Setup], Awaitable[Finding]]


@dataclass(frozen=True, slots=True)
class Requirement:
    """A row: `title` says what should be so, `action` what to do where it is not.

    `features` do not work without it; none are named where it matters whatever is turned on. `look` finds
    out, and so do connectors under the row's `name`; `part` is what tells why nobody could. `link` leads
    to a page of ours ("/docs/…") or the platform's. What is optional is never missing.
    """

    name: str
    title: str
    part: Part
    action: str
    link: str
    features: tuple[str, ...] = ()
    look: Look | None = None
    is_optional: bool = False
