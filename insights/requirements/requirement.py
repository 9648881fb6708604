"""What a row of the requirements is."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from insights.model import Finding
from insights.requirements.setup import Part, Setup
from insights.words import Phrase, say

Look = Callable[[Setup], Awaitable[Finding]]


@dataclass(frozen=True, slots=True)
class Requirement:
    """A row: what should be so.

    `features` do not work without it; none are named where it matters whatever is turned on. `look` finds
    out, and so do connectors under the row's `name`; `part` is what tells why nobody could. `link` leads
    to a page of ours ("/docs/…") or the platform's. What is optional is never missing.
    """

    name: str
    part: Part
    link: str
    features: tuple[str, ...] = ()
    look: Look | None = None
    is_optional: bool = False
    text: str = ""
    """Whose texts it has, if not its own: those of `permission`'s kind."""
    permission: str = ""

    @property
    def title(self) -> Phrase:
        """What should be so."""
        return say(f"requirement.{self.text or self.name}.title", permission=self.permission)

    @property
    def action(self) -> Phrase:
        """What to do where it is not."""
        return say(f"requirement.{self.text or self.name}.action")
