"""What one VEVENT or VTODO says, in our words; what cannot be read of it is left out."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from icalendar import Component

from connectors.embedded.agenda.moments import instant_of, moment_of, values_of
from insights.model.agenda import PREVIEW

MOST_ATTENDEES, LONGEST_TEXT = 1000, 1000
LINK = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
SENSITIVITY = {"": "normal", "PUBLIC": "normal", "PRIVATE": "private", "CONFIDENTIAL": "confidential"}
RESPONSE = {
    "ACCEPTED": "accepted",
    "DECLINED": "declined",
    "TENTATIVE": "tentativelyAccepted",
    "NEEDS-ACTION": "notResponded",
}
SHOW_AS = {
    "FREE": "free",
    "TENTATIVE": "tentative",
    "BUSY": "busy",
    "OOF": "oof",
    "WORKINGELSEWHERE": "workingElsewhere",
}
STATUS = {"IN-PROCESS": "inProgress", "COMPLETED": "completed"}
ONLINE = ("X-MICROSOFT-SKYPETEAMSMEETINGURL", "X-GOOGLE-CONFERENCE", "CONFERENCE", "LOCATION")


def part_of(component: Component) -> list[Any]:
    """What an event says but when it is, in the order in which `reads.py` takes it."""
    organizer = next(iter(values_of(component, "ORGANIZER")), None)
    attendees = [_attendee(each) for each in values_of(component, "ATTENDEE")[:MOST_ATTENDEES]]
    return [
        text_of(component, "SUMMARY", PREVIEW),
        isinstance(moment_of(component, "DTSTART"), datetime) is False,
        text_of(component, "STATUS").upper() == "CANCELLED",
        # RFC 5545: what somebody calls by a word of their own is treated as private.
        SENSITIVITY.get(text_of(component, "CLASS").upper(), "private"),
        _show_as(component),
        text_of(component, "LOCATION", LONGEST_TEXT),
        next(_links(component), ""),
        _attendee(organizer)[:2] if organizer is not None else ["", ""],
        attendees,
        " ".join(text_of(component, "DESCRIPTION", PREVIEW * 8).split())[:PREVIEW],
    ]


def task_of(component: Component) -> dict[str, Any]:
    """What a task says but when it is due."""
    status = text_of(component, "STATUS").upper()
    completed = moment_of(component, "COMPLETED")
    is_done = (
        status == "COMPLETED" or completed is not None or number_of(component, "PERCENT-COMPLETE") >= 100
    )
    priority = number_of(component, "PRIORITY")
    return {
        "title": text_of(component, "SUMMARY", PREVIEW),
        "status": "completed" if is_done else STATUS.get(status, "notStarted"),
        "is_cancelled": status == "CANCELLED",
        "importance": "high" if 1 <= priority <= 4 else "low" if priority >= 6 else "normal",
        "completed_at": instant_of(completed) if completed else None,
    }


def text_of(component: Component, name: str, longest: int = 100) -> str:
    """A property's text, "" where it has none that can be read."""
    value = next(iter(values_of(component, name)), "")
    return str(value).replace("\0", "").strip()[:longest]


def number_of(component: Component, name: str) -> int:
    """A property's whole number, 0 where it has none that can be read."""
    text = text_of(component, name)
    return int(text) if re.fullmatch(r"\d{1,9}", text) else 0


def _attendee(value: Any) -> list[str]:
    """Address, name, response and type; "" as the address where there is none."""
    params = getattr(value, "params", {})
    address = str(value).strip().removeprefix("mailto:").removeprefix("MAILTO:").strip()
    kind, role = (str(params.get(name, "")).upper() for name in ("CUTYPE", "ROLE"))
    type_ = (
        "resource" if kind in {"ROOM", "RESOURCE"} else "optional" if "OPT" in role or "NON" in role else ""
    )
    return [
        address[:PREVIEW] if "@" in address and "/" not in address else "",
        str(params.get("CN", "")).replace("\0", "").strip()[:PREVIEW],
        RESPONSE.get(str(params.get("PARTSTAT", "")).upper(), "none"),
        type_ or "required",
    ]


def _show_as(component: Component) -> str:
    named = text_of(component, "X-MICROSOFT-CDO-BUSYSTATUS").upper()
    if named in SHOW_AS:
        return SHOW_AS[named]
    if text_of(component, "TRANSP").upper() == "TRANSPARENT":
        return "free"
    return "tentative" if text_of(component, "STATUS").upper() == "TENTATIVE" else "busy"


def _links(component: Component) -> Iterator[str]:
    """Addresses at which one takes part in a meeting."""
    for name in ONLINE:
        for value in values_of(component, name):
            if found := LINK.match(str(value).strip()):
                yield found[0][:LONGEST_TEXT]
