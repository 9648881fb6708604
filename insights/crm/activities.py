"""Activities as Dataverse has them: who took part as what, how they stand, what they are about."""

from dataclasses import dataclass

from insights.model import Direction, Record

SENDER, TO, CC, BCC, REQUIRED, OPTIONAL, ORGANIZER = range(1, 8)
"""`participationtypemask` of a party."""
SENDERS, RECIPIENTS = (SENDER, ORGANIZER), (TO, REQUIRED, OPTIONAL)
"""Whom a timeline names."""
OPEN, COMPLETED = 0, 1
"""`statecode`."""
DRAFT, SENT, RECEIVED = 1, 3, 4
"""`statuscode` of an email."""
MEETINGS = ("appointment", "serviceappointment")


@dataclass(frozen=True, slots=True)
class About:
    """The regarding of an activity and its further records, in the order in which they were linked."""

    regarding: Record | None
    links: tuple[Record, ...]


def placed_by(kind: str) -> tuple[str, ...]:
    """The columns whose first time places an activity of the kind in a timeline; else when it was made."""
    if kind == "email":
        return ("senton", "actualend")
    return ("scheduledstart",) if kind in MEETINGS else ("actualend", "scheduledend")


def direction_of(code: object) -> Direction | None:
    """What `directioncode` says, None for what has no direction."""
    if code is None:
        return None
    return "outgoing" if code else "incoming"
