"""What any connector may have beside its port."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol, runtime_checkable

from insights.model import Finding, User


@runtime_checkable
class Probing(Protocol):
    """*Optional*: a connector that can look whether the service behind it gives what Liaison needs."""

    def probes(self, user: User | None) -> Mapping[str, Callable[[], Awaitable[Finding]]]:
        """Requirement → look, for rows of `insights/requirements/table.py`; a look changes nothing.

        `user` is whose token and mailbox are tried where one is needed; None = nobody is known, so such
        looks answer *unknown*. Looks run at the same time, each with a time limit of the caller's; one
        that raises a Problem counts as *unknown* with its words.
        """
        ...
