"""Events of Graph as meetings."""

from datetime import datetime
from typing import Any, TypeVar, get_args

from connectors.graph.clocks import read_day, read_zoned
from insights.model import Attendee, Clock, Meeting
from insights.model.agenda import PREVIEW, AttendeeType, Response, Sensitivity, ShowAs

Json = dict[str, Any]
EVENT = (
    "id",
    "iCalUId",
    "seriesMasterId",
    "subject",
    "bodyPreview",
    "start",
    "end",
    "isAllDay",
    "isCancelled",
    "isOrganizer",
    "responseStatus",
    "sensitivity",
    "showAs",
    "location",
    "onlineMeeting",
    "onlineMeetingUrl",
    "organizer",
    "attendees",
)
RESPONSES: tuple[Response, ...] = get_args(Response)
TYPES: tuple[AttendeeType, ...] = get_args(AttendeeType)
SENSITIVITIES: tuple[Sensitivity, ...] = get_args(Sensitivity)
SHOWN: tuple[ShowAs, ...] = get_args(ShowAs)
T = TypeVar("T", bound=str)


def read_event(found: Json, clock: Clock) -> Meeting | None:
    """The meeting of an event that was asked for in UTC, None for one without readable times."""
    is_all_day = bool(found.get("isAllDay"))
    start, end = (_time(found.get(name), clock, is_day=is_all_day) for name in ("start", "end"))
    if start is None or end is None:
        return None
    online = found.get("onlineMeeting") or {}
    return Meeting(
        id=str(found.get("id")),
        series_id=str(found.get("seriesMasterId") or ""),
        ical_uid=str(found.get("iCalUId") or ""),
        subject=str(found.get("subject") or ""),
        start_at=start,
        end_at=end,
        is_all_day=is_all_day,
        is_cancelled=bool(found.get("isCancelled")),
        is_organizer=bool(found.get("isOrganizer")),
        response=_response(found.get("responseStatus")),
        # What Graph may call it one day is private until we know.
        sensitivity=one_of(SENSITIVITIES, found.get("sensitivity") or "normal", "private"),
        show_as=one_of(SHOWN, found.get("showAs"), "unknown"),
        location=str((found.get("location") or {}).get("displayName") or ""),
        online_meeting_url=str(online.get("joinUrl") or found.get("onlineMeetingUrl") or ""),
        organizer=_organizer(found.get("organizer")),
        attendees=tuple(_attendee(each) for each in found.get("attendees") or ()),
        body_preview=str(found.get("bodyPreview") or "")[:PREVIEW],
    )


def _time(value: object, clock: Clock, *, is_day: bool) -> datetime | None:
    if not is_day:
        return read_zoned(value)
    day = read_day(value)
    return clock.midnight(day) if day else None


def _organizer(found: Json | None) -> Attendee:
    address, name = _person(found or {})
    return Attendee(address, name, "organizer") if address or name else Attendee("")


def _attendee(found: Json) -> Attendee:
    address, name = _person(found)
    return Attendee(
        address, name, _response(found.get("status")), one_of(TYPES, found.get("type"), "required")
    )


def _person(found: Json) -> tuple[str, str]:
    """(Address, name); sometimes Graph has a name of old Exchange where the address belongs."""
    email = found.get("emailAddress") or {}
    address = str(email.get("address") or "")
    return address if "@" in address and "/" not in address else "", str(email.get("name") or "")


def _response(found: Json | None) -> Response:
    return one_of(RESPONSES, (found or {}).get("response"), "none")


def one_of(known: tuple[T, ...], value: object, otherwise: T) -> T:
    """The value if it is one that we know."""
    return next((each for each in known if each == value), otherwise)
