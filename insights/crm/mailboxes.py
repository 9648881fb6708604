"""How a row of Dataverse's table `mailbox` says that its mail is synchronised."""

from typing import Literal

from insights.model import MailboxState

SYNCHRONISED_BY_SERVER = 2
METHODS: dict[object, Literal["server", "forward"]] = {SYNCHRONISED_BY_SERVER: "server", 3: "forward"}
APPROVED, TESTED = 1, 1


def read_state(method: object, status: object, approval: object, by_admin: object) -> MailboxState:
    """The state by `incomingemaildeliverymethod`, `incomingemailstatus`, `emailrouteraccessapproval` and
    `isemailaddressapprovedbyo365admin`; what is None counts as ready.
    """
    return MailboxState(
        synchronisation=METHODS.get(SYNCHRONISED_BY_SERVER if method is None else method, "none"),
        approved=approval in {None, APPROVED} and by_admin is not False,
        tested=status in {None, TESTED},
    )
