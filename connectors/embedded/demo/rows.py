"""CRM rows as CSV files would hold them: entity set → rows of logical name → text."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime

from connectors.embedded.demo.people import Person, uid

Cell = str | int | float | bool | datetime | date | None
Row = dict[str, str]

SENDER, TO, CC, REQUIRED, ORGANIZER = 1, 2, 3, 5, 7


class Rows:
    """The rows of an organisation while it is put together."""

    def __init__(self) -> None:
        self.by_set: defaultdict[str, list[Row]] = defaultdict(list)

    def add(self, entity_set: str, **cells: Cell) -> None:
        """Add a row; cells without a value are left out."""
        self.by_set[entity_set].append(
            {name: text_of(value) for name, value in cells.items() if value is not None and value != ""}
        )

    def add_parties(self, activity_id: str, mask: int, people: Iterable[Person]) -> None:
        """Say who took part in an activity, and as what."""
        for person in people:
            known = person.table in {"systemuser", "contact", "lead"}
            self.add(
                "activityparties",
                activitypartyid=uid("activityparty", f"{activity_id}/{mask}/{person.email}"),
                activityid=activity_id,
                partyid=person.id if known else None,
                partyobjecttypecode=person.table if known else None,
                participationtypemask=mask,
                addressused=person.email,
                partyidname=person.name,
            )


def text_of(value: Cell) -> str:
    """A cell's text: times in ISO 8601, yes and no as true and false."""
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, date) else str(value)
