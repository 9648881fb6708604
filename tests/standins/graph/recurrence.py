"""The occurrences of a series: its pattern and range, what was moved, what was taken out."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from dateutil.rrule import DAILY, FR, MO, MONTHLY, SA, SU, TH, TU, WE, WEEKLY, YEARLY, rrule

from tests.standins.graph import ids
from tests.standins.graph.errors import GraphError, item_not_found
from tests.standins.graph.times import find_zone, read_zoned, to_zoned
from tests.standins.graph.wire import Json

if TYPE_CHECKING:
    from tests.standins.graph.mailbox import Mailbox

DAYS = {
    "sunday": SU,
    "monday": MO,
    "tuesday": TU,
    "wednesday": WE,
    "thursday": TH,
    "friday": FR,
    "saturday": SA,
}
FREQUENCIES = {"daily": DAILY, "weekly": WEEKLY, "absoluteMonthly": MONTHLY, "absoluteYearly": YEARLY}


def check_recurrence(event: Json) -> None:
    """Raise the service's 400 for a pattern that says too little; relative ones are not modelled."""
    pattern, range_ = (event["recurrence"].get(name) or {} for name in ("pattern", "range"))
    needed = {
        "weekly": ["daysOfWeek"],
        "absoluteMonthly": ["dayOfMonth"],
        "absoluteYearly": ["dayOfMonth", "month"],
    }
    wanted = ["type", "interval", *needed.get(str(pattern.get("type")), [])]
    ends = {"endDate": ["endDate"], "numbered": ["numberOfOccurrences"], "noEnd": []}
    has_range = all(range_.get(name) for name in ["startDate", *ends.get(str(range_.get("type")), ["type"])])
    if not has_range or any(not pattern.get(name) for name in wanted) or pattern["type"] not in FREQUENCIES:
        raise GraphError(400, "ErrorPropertyValidationFailure", "At least one property failed validation.")


def occurrences(mailbox: "Mailbox", master: Json, start: datetime, end: datetime) -> Iterator[Json]:
    """Those of a series that touch a time window, as events of their own."""
    first, last = read_zoned(master["start"]), read_zoned(master["end"])
    zone = find_zone(master["start"].get("timeZone", "UTC"))
    for day in _days(master, end.astimezone(zone).date() + timedelta(days=2)):
        begins = datetime.combine(day, first.astimezone(zone).time(), zone)
        ends = (begins.replace(tzinfo=None) + (last - first)).replace(tzinfo=zone)
        occurrence = _occurrence(mailbox, master, day, begins, ends)
        if occurrence and read_zoned(occurrence["start"]) < end and read_zoned(occurrence["end"]) > start:
            yield occurrence


def find_occurrence(mailbox: "Mailbox", occurrence_id: str) -> Json:
    """One that was told before; raises the service's 404."""
    master_id, day = mailbox.occurrences.get(occurrence_id, ("", date.min))
    master = mailbox.events.get(master_id)
    if master is None:
        raise item_not_found()
    noon = datetime.combine(day, datetime.min.time(), find_zone("UTC"))
    around = occurrences(mailbox, master, noon - timedelta(days=400), noon + timedelta(days=400))
    found = next((each for each in around if each["id"] == occurrence_id), None)
    if found is None:
        raise item_not_found()
    return found


def _days(master: Json, until: date) -> list[date]:
    pattern, range_ = (master["recurrence"][name] for name in ("pattern", "range"))
    begins = datetime.fromisoformat(range_["startDate"])
    options = {
        "interval": pattern["interval"],
        "byweekday": [DAYS[day] for day in pattern.get("daysOfWeek") or ()] or None,
        "bymonthday": pattern.get("dayOfMonth") or None,
        "bymonth": pattern.get("month") or None,
        "wkst": DAYS[pattern.get("firstDayOfWeek") or "sunday"],
        "count": range_["numberOfOccurrences"] if range_["type"] == "numbered" else None,
    }
    last = datetime.combine(until, datetime.min.time())
    if range_["type"] == "endDate":
        last = min(last, datetime.fromisoformat(range_["endDate"]))
    rule = rrule(FREQUENCIES[pattern["type"]], dtstart=begins, **options)
    return [day.date() for day in rule.between(begins, last, inc=True)]


def _occurrence(mailbox: "Mailbox", master: Json, day: date, begins: datetime, ends: datetime) -> Json | None:
    """One occurrence, None where it was taken out."""
    own_id = ids.exchange_id(ids.IMMUTABLE, mailbox.id, mailbox.numbers[master["id"]], day.toordinal())
    mailbox.occurrences[own_id] = (master["id"], day)
    change = mailbox.exceptions.get(own_id, {})
    if change is None:
        return None
    zone = master["start"].get("timeZone", "UTC")
    return master | {
        "id": own_id,
        "iCalUId": ids.conversation_index(own_id),
        "type": "exception" if change else "occurrence",
        "seriesMasterId": master["id"],
        "recurrence": None,
        "start": to_zoned(begins, zone),
        "end": to_zoned(ends, zone),
    } | change  # fmt: skip
