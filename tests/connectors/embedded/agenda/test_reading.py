"""What is made of iCalendar: zones, rules, exceptions, and what is wrong told by its line."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from connectors.embedded.agenda import expanding, reading, scanning
from connectors.embedded.agenda.instants import from_instant, to_instant
from connectors.embedded.agenda.reading import Reading, read_calendar
from connectors.embedded.agenda.scanning import Wrong, scan

SINCE, UNTIL = (to_instant(datetime(year, 1, 1, tzinfo=UTC)) for year in (2026, 2028))
STRETCH = (SINCE, UNTIL)
CUSTOM = """
BEGIN:VTIMEZONE
TZID:Customized Time Zone
BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETFROM:+0300
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:+0200
TZOFFSETTO:+0300
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE
"""


def calendar(*components: str, head: str = "") -> bytes:
    body = "\n".join(("BEGIN:VCALENDAR", "VERSION:2.0", *head.split("\n"), *components, "END:VCALENDAR"))
    return "\r\n".join(line for line in body.split("\n") if line).encode()


def event(lines: str, name: str = "VEVENT") -> str:
    return f"BEGIN:{name}\n{lines}\nEND:{name}"


def read(*components: str, head: str = "") -> Reading:
    found = read_calendar(STRETCH, calendar(*components, head=head))
    assert found.faults == []
    return found


def times(found: Reading, number: int = 0) -> list[datetime]:
    """When the occurrences of an event begin; naive by the clock of who reads."""
    return [
        from_instant(start).replace(tzinfo=None) if is_local else from_instant(start)
        for _, start, _, is_local, _ in found.events[number]["meetings"]
    ]


def faults(*components: str, head: str = "") -> list[tuple[int, str, str]]:
    return list(read_calendar(STRETCH, calendar(*components, head=head)).faults)


ZONES = [
    ("DTSTART:20260601T100000Z", datetime(2026, 6, 1, 10, tzinfo=UTC)),
    ("DTSTART;TZID=Europe/Berlin:20260601T100000", datetime(2026, 6, 1, 8, tzinfo=UTC)),
    ("DTSTART;TZID=W. Europe Standard Time:20260601T100000", datetime(2026, 6, 1, 8, tzinfo=UTC)),
    ('DTSTART;TZID="Eastern Standard Time":20260601T100000', datetime(2026, 6, 1, 14, tzinfo=UTC)),
    ("DTSTART;TZID=/vendor/2026_1/Europe/Berlin:20260601T100000", datetime(2026, 6, 1, 8, tzinfo=UTC)),
    ("DTSTART;TZID=Customized Time Zone:20260601T100000", datetime(2026, 6, 1, 7, tzinfo=UTC)),
    ("DTSTART;TZID=Customized Time Zone:20261201T100000", datetime(2026, 12, 1, 8, tzinfo=UTC)),
    ("DTSTART:20260601T100000", datetime(2026, 6, 1, 10)),
    ("DTSTART;VALUE=DATE:20260601", datetime(2026, 6, 1)),
    ("DTSTART:20260601", datetime(2026, 6, 1)),
]  # fmt: skip


@pytest.mark.parametrize(("line", "at"), ZONES)
def test_a_time_is_by_the_zone_that_it_names(line: str, at: datetime) -> None:
    # The description of a zone may come after what uses it.
    assert times(read(event(f"UID:a\n{line}"), CUSTOM.strip())) == [at]


def test_a_zone_of_one_file_is_unknown_to_the_next() -> None:
    used = event("UID:a\nDTSTART;TZID=Customized Time Zone:20260601T100000")
    read(CUSTOM.strip(), used)
    [(line, component, reason)] = faults(used)
    assert (line, component) == (3, "VEVENT")
    assert "time zone" in reason


RULES = {
    "RRULE:FREQ=DAILY;COUNT=3": ["0601", "0602", "0603"],
    "RRULE:FREQ=DAILY;UNTIL=20260603T080000Z": ["0601", "0602", "0603"],
    "RRULE:FREQ=DAILY;UNTIL=20260603": ["0601", "0602"],  # a day without its time is its midnight
    "RRULE:FREQ=WEEKLY;BYDAY=MO,WE;COUNT=4": ["0601", "0603", "0608", "0610"],
    "RRULE:FREQ=MONTHLY;BYDAY=-1FR;COUNT=2\nEXDATE;TZID=Europe/Berlin:20260601T100000": ["0626", "0731"],
    "RRULE:FREQ=DAILY;COUNT=4\nEXDATE;TZID=Europe/Berlin:20260602T100000,20260604T100000": ["0601", "0603"],
    "RRULE:FREQ=DAILY;COUNT=4\nEXDATE:20260602T080000Z\nEXDATE:20260603T080000Z": ["0601", "0604"],
    "RRULE:FREQ=DAILY;COUNT=3\nEXDATE;VALUE=DATE:20260602": ["0601", "0603"],
    "RDATE;TZID=Europe/Berlin:20260605T100000,20260607T100000": ["0601", "0605", "0607"],
}  # fmt: skip


@pytest.mark.parametrize("rule", RULES)
def test_a_series_is_what_its_rules_say(rule: str) -> None:
    found = read(event(f"UID:a\nDTSTART;TZID=Europe/Berlin:20260601T100000\nDURATION:PT90M\n{rule}"))
    assert [f"{at:%m%d}" for at in sorted(times(found))] == RULES[rule]
    assert {(end - start) / 60e6 for _, start, end, _, _ in found.events[0]["meetings"]} == {90}
    ids = [meeting_id for meeting_id, *_ in found.events[0]["meetings"]]
    assert len(set(ids)) == len(ids)
    assert found.events[0]["event_id"] not in ids


SERIES = "UID:a\nSUMMARY:All\nDTSTART;TZID=Europe/Berlin:20260601T100000\nRRULE:FREQ=DAILY;COUNT=4"


def test_an_exception_is_told_in_place_of_its_occurrence() -> None:
    moved = "UID:a\nSUMMARY:Moved\nRECURRENCE-ID;TZID=Europe/Berlin:20260602T100000\nDTSTART:20260602T150000Z"
    off = "UID:a\nSUMMARY:Off\nRECURRENCE-ID:20260603T080000Z\nDTSTART:20260603T080000Z\nSTATUS:CANCELLED"
    found = read(event(moved), event(off), event(SERIES))  # in any order
    [series] = found.events
    parts = {
        f"{from_instant(start):%d %H}": series["parts"][part + 1]
        for _, start, _, _, part in series["meetings"]
    }
    assert {at: (part[0], part[2]) for at, part in parts.items()} == {
        "01 08": ("All", False),
        "02 15": ("Moved", False),
        "03 08": ("Off", True),
        "04 08": ("All", False),
    }
    plain = read(event(SERIES)).events[0]
    assert {each[0] for each in series["meetings"]} == {each[0] for each in plain["meetings"]}


def test_this_and_future_moves_what_comes_after() -> None:
    later = (
        "UID:a\nSUMMARY:Later\nRECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20260603T100000\n"
        "DTSTART;TZID=Europe/Berlin:20260603T110000\nDURATION:PT1H"
    )
    found = read(event(SERIES), event(later))
    assert [at.hour for at in sorted(times(found))] == [8, 8, 9, 9]


def test_exceptions_without_their_series_stand_alone() -> None:
    lone = "UID:a\nSUMMARY:Invited\nRECURRENCE-ID:20260602T080000Z\nDTSTART:20260602T090000Z"
    [found] = read(event(lone)).events
    assert (found["is_whole"], found["recurs"], len(found["meetings"])) == (False, False, 1)
    assert found["meetings"][0][0] != found["event_id"]


def test_news_of_an_occurrence_are_put_to_its_series() -> None:
    lone = "UID:a\nSUMMARY:Moved\nRECURRENCE-ID:20260602T080000Z\nDTSTART:20260602T150000Z"
    [before] = read(event(SERIES)).events
    found = read_calendar(STRETCH, before["source"].encode(), calendar(event(lone)))
    assert sorted(times(found)) == sorted(times(read(event(SERIES), event(lone))))
    older = lone.replace("SUMMARY:Moved", "SUMMARY:Old\nSEQUENCE:1")
    newer = lone.replace("SUMMARY:Moved", "SUMMARY:New\nSEQUENCE:2")
    for order in ((older, newer), (newer, older)):
        found = read_calendar(STRETCH, calendar(event(SERIES)), *(calendar(event(each)) for each in order))
        assert [part[0] for part in found.events[0]["parts"][1:]] == ["All", "New"]


@pytest.mark.parametrize(
    ("first", "hours"), [("20261023", [7, 7, 8, 8]), ("20270326", [8, 8, 7, 7]), ("20270327", [1, 0, 0, 0])]
)
def test_clocks_that_change_keep_the_hour(first: str, hours: list[int]) -> None:
    """2:30 is no time on the day that clocks go forth; it is then an hour later, as in Outlook."""
    hour = "023000" if first == "20270327" else "090000"
    found = read(event(f"UID:a\nDTSTART;TZID=Europe/Berlin:{first}T{hour}\nRRULE:FREQ=DAILY;COUNT=4"))
    told = [at.hour for at in sorted(times(found))]
    assert told == (hours if hour == "090000" else [1, 1, 0, 0])


def test_an_endless_rule_is_told_as_far_as_is_asked() -> None:
    endless = event("UID:a\nDTSTART:19700101T090000Z\nRRULE:FREQ=DAILY")
    found = read(endless)
    assert len(found.events[0]["meetings"]) == 730
    assert found.events[0]["recurs"]
    [elsewhere] = read_calendar((UNTIL, UNTIL + (UNTIL - SINCE)), calendar(endless)).events
    assert not {each[0] for each in elsewhere["meetings"]} & {each[0] for each in found.events[0]["meetings"]}
    assert elsewhere["digest"] == found.events[0]["digest"]


def test_a_source_says_what_the_file_said() -> None:
    """It is what a series is expanded from once more, time zones and exceptions included."""
    made = (
        "UID:a\nDTSTART;TZID=Customized Time Zone:20260601T100000\nRRULE:FREQ=WEEKLY"
        "\nSUMMARY:Größe\\, 🚀 folded\n  over lines"
    )
    [found] = read(CUSTOM.strip(), event(made)).events
    [again] = read_calendar(STRETCH, found["source"].encode()).events
    assert again == found


def test_what_is_only_written_anew_is_the_same() -> None:
    versions = [
        "DTSTAMP:20260101T000000Z",
        "DTSTAMP:20260202T000000Z",
        "X-OTHER:x",
        "ATTACH;VALUE=BINARY:aGk=",
    ]
    digests = {
        read(event(f"UID:a\nDTSTART:20260601T100000Z\n{each}")).events[0]["digest"] for each in versions
    }
    assert len(digests) == 1
    other = read(event("UID:a\nDTSTART:20260601T100000Z\nSUMMARY:x")).events[0]["digest"]
    assert other not in digests


def test_a_calendar_says_by_which_clock_it_is() -> None:
    simple = event("UID:a\nDTSTART:20260601T100000")
    berlin = "BEGIN:VTIMEZONE\nTZID:W. Europe Standard Time\nEND:VTIMEZONE"
    assert read(simple).zone == ""
    assert read(simple, head="X-WR-TIMEZONE:America/New_York").zone == "America/New_York"
    assert read(berlin, simple).zone == "Europe/Berlin"
    assert read(berlin, simple, head="X-WR-TIMEZONE:Mars").zone == "Europe/Berlin"
    assert read(berlin, CUSTOM.strip(), simple).zone == ""


def test_people_answers_and_links() -> None:
    found = read(
        event(
            "UID:a\nDTSTART:20260601T100000Z\nSUMMARY:Talk\nCLASS:CONFIDENTIAL\nTRANSP:TRANSPARENT\n"
            'ORGANIZER;CN="Silva, Ana":mailto:ana@fabrikam.example\n'
            "ATTENDEE;CN=Ann;PARTSTAT=ACCEPTED;ROLE=REQ-PARTICIPANT:MAILTO:ann@ours.example\n"
            "ATTENDEE;PARTSTAT=DECLINED;ROLE=OPT-PARTICIPANT:mailto:bob@ours.example\n"
            "ATTENDEE;CN=Room 5;CUTYPE=ROOM:mailto:room5@ours.example\n"
            "ATTENDEE;CN=Old Exchange:/o=ExchangeLabs/cn=someone\n"
            "LOCATION:https://meet.example/abc?x=1\nDESCRIPTION:One\\n\\ntwo   three\n"
        )
    )
    assert found.events[0]["parts"][1] == [
        "Talk",
        False,
        False,
        "confidential",
        "free",
        "https://meet.example/abc?x=1",
        "https://meet.example/abc?x=1",
        ["ana@fabrikam.example", "Silva, Ana"],
        [
            ["ann@ours.example", "Ann", "accepted", "required"],
            ["bob@ours.example", "", "declined", "optional"],
            ["room5@ours.example", "Room 5", "none", "resource"],
            ["", "Old Exchange", "none", "required"],
        ],
        "One two three",
    ]


@pytest.mark.parametrize(
    ("class_", "sensitivity"),
    [("PUBLIC", "normal"), ("private", "private"), ("X-TOP-SECRET", "private"), ("", "normal")],
)
def test_what_is_not_known_to_be_public_is_private(class_: str, sensitivity: str) -> None:
    found = read(event(f"UID:a\nDTSTART:20260601T100000Z\nCLASS:{class_}"))
    assert found.events[0]["parts"][1][3] == sensitivity


def test_what_a_file_calls_off_is_cancelled() -> None:
    found = read(event("UID:a\nDTSTART:20260601T100000Z\nSTATUS:CONFIRMED"), head="METHOD:CANCEL")
    assert found.events[0]["parts"][1][2] is True
    [again] = read_calendar(STRETCH, found.events[0]["source"].encode()).events
    assert again["parts"][1][2] is True


TASKS: list[tuple[str, dict[str, Any]]] = [
    ("DUE;VALUE=DATE:20260601", {"due_at": date(2026, 6, 1), "is_local": True, "status": "notStarted"}),
    ("DUE:20260601T220000Z\nPRIORITY:2", {"due_at": datetime(2026, 6, 1, 22), "importance": "high"}),
    ("DTSTART:20260601T100000\nDURATION:P2D", {"due_at": datetime(2026, 6, 3, 10), "is_local": True}),
    ("STATUS:IN-PROCESS\nPRIORITY:9", {"due_at": None, "status": "inProgress", "importance": "low"}),
    ("STATUS:COMPLETED", {"status": "completed"}),
    ("PERCENT-COMPLETE:100", {"status": "completed"}),
    ("COMPLETED:20260601T100000Z", {"status": "completed"}),
    ("STATUS:CANCELLED", {"is_cancelled": True}),
    ("PRIORITY:nonsense\nPERCENT-COMPLETE:-1", {"status": "notStarted", "importance": "normal"}),
]


@pytest.mark.parametrize(("lines", "told"), TASKS)
def test_a_task_says_what_is_to_do(lines: str, told: dict[str, Any]) -> None:
    [task] = read(event(f"UID:a\nSUMMARY:Call Ana\n{lines}", "VTODO")).tasks
    assert task["title"] == "Call Ana"
    for name, value in told.items():
        if isinstance(value, date):
            at = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)
            assert task[name] == to_instant(at.replace(tzinfo=UTC))
        else:
            assert task[name] == value


def test_tasks_stand_in_a_list_called_like_the_calendar() -> None:
    todo = event("UID:a\nSUMMARY:Buy", "VTODO")
    assert read(todo).tasks[0]["list_name"] == "Tasks"
    assert read(todo, head="X-WR-CALNAME:Shopping\\, weekly").tasks[0]["list_name"] == "Shopping, weekly"


@pytest.mark.parametrize("name", ["DTSTAMP", "LAST-MODIFIED", "PRIORITY", "SEQUENCE", "GEO", "URL"])
def test_what_nobody_needs_may_be_broken(name: str) -> None:
    [found] = read(event(f"UID:a\nDTSTART:20260601T100000Z\n{name}:nonsense\n{name}:twice")).events
    assert (found["sequence"], found["changed_at"]) == (0, 0)


BROKEN = [
    ("SUMMARY:No start", "DTSTART is missing"),
    ("DTSTART:tomorrow", "DTSTART is no time"),
    ("DTSTART:20261345T100000Z", "DTSTART is no time"),
    ("DTSTART:P1D", "DTSTART is no time"),
    ("DTSTART:100000", "DTSTART is no time"),
    ("DTSTART:20260601T100000Z\nDTSTART:20260602T100000Z", "DTSTART is there more than once"),
    ("DTSTART;TZID=Middle-earth:20260601T100000", "DTSTART is by a time zone"),
    ("DTSTART:20260601T100000Z\nDTEND:20260601T090000Z", "it ends before it begins"),
    ("DTSTART:20260601T100000Z\nDTEND;VALUE=DATE:20260602", "one is a day"),
    ("DTSTART:20260601T100000Z\nDURATION:-PT1H", "DURATION is no span"),
    ("DTSTART:20260601T100000Z\nDURATION:long", "DURATION is no time"),
    ("DTSTART:20260601T100000Z\nRRULE:FREQ=NEVER", "RRULE is no rule"),
    ("DTSTART:20260601T100000Z\nRRULE:FREQ=WEEKLY;UNTL=20260701", "RRULE, RDATE or EXDATE is no rule"),
    ("DTSTART:20260601T100000Z\nRDATE;VALUE=TIME:100000", "RDATE is no list of times"),
    ("DTSTART:20260601T100000Z\nRRULE:FREQ=DAILY;INTERVAL=0", "RRULE is no rule"),
    ("DTSTART:20260601T100000Z\nRRULE:FREQ=SECONDLY", "it recurs every minute or second"),
    ("DTSTART:20260601T100000Z\nRRULE:FREQ=MINUTELY;COUNT=2", "it recurs every minute or second"),
    ("DTSTART:20260601T100000Z\nRRULE:FREQ=HOURLY", "it recurs more than"),
    ("DTSTART:20260601T100000Z\nEXDATE:then", "EXDATE is no list of times"),
    ("DTSTART:20260601T100000Z\nEXDATE;TZID=Mordor:20260601T100000", "EXDATE is by a time zone"),
    ("DTSTART:20260601T100000Z\nRECURRENCE-ID:then", "RECURRENCE-ID is no time"),
    ("DTSTART:20260601T100000Z\nEXRULE:FREQ=DAILY", "EXRULE is not read"),
]


@pytest.mark.parametrize(("lines", "reason"), BROKEN)
def test_what_is_wrong_is_told_by_line_and_quotes_nothing(lines: str, reason: str) -> None:
    good = event("UID:good\nDTSTART:20260601T100000Z")
    [(line, component, told)] = faults(good, event(f"UID:secret\nSUMMARY:secret\n{lines}"), good)
    assert (line, component) == (7, "VEVENT")
    assert told.startswith(reason) or reason in told
    assert "secret" not in told


FILES = [
    (b"", 1, "it is empty"),
    (b"  \r\n", 1, "it is empty"),
    (b"Hello\r\n", 1, "no iCalendar"),
    (b"BEGIN:VCARD\r\nEND:VCARD\r\n", 1, "no iCalendar"),
    (b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:a\r\n", 2, "cut off"),
    (b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nEND:VCALENDAR\r\n", 3, "ends something else"),
    (b"BEGIN:VCALENDAR\nBEGIN:VCALENDAR\nEND:VCALENDAR\nEND:VCALENDAR\n", 2, "within another"),
    (b"BEGIN:VCALENDAR\nX:\xff\xfe\nEND:VCALENDAR\n", 2, "not UTF-8"),
    (b"BEGIN:VCALENDAR\n" + b"BEGIN:X\n" * 100_000, 9, "nested too deeply"),
    (b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:" + b"x" * 2**21 + b"\nEND:VEVENT\nEND:VCALENDAR", 2, "KiB"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "line", "reason"), FILES)
def test_a_file_that_is_none_is_told(content: bytes, line: int, reason: str) -> None:
    [(at, _, told)] = read_calendar(STRETCH, content).faults
    assert at == line
    assert reason in told


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_a_file_is_read_however_it_was_saved(encoding: str, end: str) -> None:
    text = calendar(event("UID:a\nDTSTART:20260601T100000Z\nSUMMARY:Größe")).decode().replace("\r\n", end)
    found = read_calendar(STRETCH, text.encode(encoding))
    assert found.events[0]["parts"][1][0] == "Größe"


def test_several_calendars_in_one_file_are_read() -> None:
    one, two = (calendar(event(f"UID:{name}\nDTSTART:20260601T100000Z")) for name in "ab")
    assert len(read_calendar(STRETCH, one + b"\r\n" + two).events) == 2


def test_what_is_written_behind_a_calendar_is_passed_over() -> None:
    one = calendar(event("UID:a\nDTSTART:20260601T100000Z"))
    for rest in (b"\r\nX-COMMENT:cached\r\n", b"\r\nEND:VCALENDAR", b"\r\nGoodbye"):
        found = read_calendar(STRETCH, one + rest)
        assert (found.faults, len(found.events)) == ([], 1)


def test_what_programs_write_against_the_rules_is_read() -> None:
    """Properties without value, blanks in rules, a whole day that ends on the day it begins."""
    empty = event("UID:a\nDTSTART:20260601\nDTEND:20260601\nRRULE:\nEXDATE;VALUE=DATE:\nDURATION: ")
    [meeting] = read(empty).events[0]["meetings"]
    assert from_instant(meeting[2]) - from_instant(meeting[1]) == timedelta(days=1)
    spaced = event("UID:a\nDTSTART:20260601T100000Z\nRRULE:FREQ=WEEKLY;BYDAY=MO, TU\n , WE;COUNT=3")
    assert [at.day for at in times(read(spaced))] == [1, 2, 3]


def test_what_has_no_uid_is_known_by_what_it_says() -> None:
    first, other = (event(f"DTSTART:20260601T100000Z\nSUMMARY:{name}") for name in ("One", "Other"))
    [a], [b] = (read(first, first).events for _ in range(2))
    assert a["event_id"] == b["event_id"]
    assert read(other).events[0]["event_id"] != a["event_id"]


# The time may run out in the callback that hypothesis has the collector call, where it is lost at first.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    "rule",
    ["FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11;BYMINUTE=0,1,2,3,4,5,6,7,8,9;BYSECOND=0,1,2,3,4,5",
     "FREQ=HOURLY;BYMINUTE=0,30", "FREQ=HOURLY;COUNT=999999999"],
)  # fmt: skip
def test_a_rule_that_means_harm_ends(rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "SECONDS", 2.0)
    [(line, component, reason)] = faults(event(f"UID:a\nDTSTART:19700101T090000Z\nRRULE:{rule}"))
    assert (line, component) == (3, "VEVENT")
    assert "times a year" in reason or "longer than 2 s" in reason


def test_a_rule_that_never_fits_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "SECONDS", 1.0)
    found = read_calendar(
        STRETCH, calendar(event("UID:a\nDTSTART:20260601T090000Z\nRRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31"))
    )
    assert found.faults or len(found.events[0]["meetings"]) == 1


def test_time_runs_out_for_one_component_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def spin(components: Sequence[Any], stretch: tuple[int, int]) -> Any:
        while "UID" in components[0] and components[0]["UID"] == "slow":
            pass
        return expanding.expand(components, stretch)

    monkeypatch.setattr("connectors.embedded.agenda.groups.expand", spin)
    monkeypatch.setattr(reading, "SECONDS", 0.2)
    found = read_calendar(
        STRETCH,
        calendar(*(event(f"UID:{name}\nDTSTART:20260601T100000Z") for name in ("a", "slow", "b"))),
    )
    assert found.faults == [(7, "VEVENT", "reading it takes longer than 0.2 s")]
    assert len(found.events) == 2


def test_a_file_of_too_many_components_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "MOST", 3)
    some = [event(f"UID:{number}\nDTSTART:20260601T100000Z") for number in range(4)]
    assert len(read(*some[:3]).events) == 3
    [(line, _, reason)] = faults(*some)
    assert (line, "more than 3" in reason) == (15, True)


def test_no_more_faults_are_told_than_somebody_reads() -> None:
    assert len(faults(*(event(f"UID:{number}") for number in range(300)))) == reading.MOST_FAULTS


NAMES = """
DTSTART DTEND DURATION RRULE RDATE EXDATE RECURRENCE-ID UID SEQUENCE SUMMARY CLASS STATUS DUE ATTENDEE
"""
GIVEN = """
20260601T100000Z 20260601T100000 20260601 00010101T000000Z 99991231T235959Z 99991231 PT1H -P9999999W P1D
FREQ=DAILY FREQ=YEARLY;BYYEARDAY=366 FREQ=WEEKLY;COUNT=-1 FREQ=MONTHLY;UNTIL=x FREQ=DAILY;UNTIL=00010101
FREQ=DAILY;BYSETPOS=0 FREQ=DAILY;INTERVAL=99999999999999999999 20260601T100000Z/PT1H , ; : x 1 -1 1e9 \\n \\
mailto: ACCEPTED 20260601T100000Z,20260602
"""
VALUES = st.sampled_from(GIVEN.split()) | st.text(max_size=40)
AFTER_NAMES = "; ;VALUE=DATE ;VALUE=PERIOD ;TZID=Europe/Berlin ;TZID=x ;TZID= ;RANGE=THISANDFUTURE"
PARAMETERS = st.sampled_from(["", ';X="', *AFTER_NAMES.split()])
LINES = st.lists(
    st.builds("{}{}:{}".format, st.sampled_from(NAMES.split()), PARAMETERS, VALUES) | st.text(max_size=20),
    max_size=12,
)


@settings(max_examples=400)
@given(components=st.lists(st.tuples(st.sampled_from(["VEVENT", "VTODO", "VTIMEZONE"]), LINES), max_size=4))
@example([("VEVENT", ["DTSTART:20260601T100000Z", "RRULE:FREQ=DAILY", "RRULE:FREQ=WEEKLY"])])
@example([("VEVENT", ["DTSTART:20260601", "RDATE;VALUE=PERIOD:20260601T100000Z/PT1H", "EXDATE:20260601"])])
@example([("VEVENT", ["\r", "\r", "\r", "DTSTART:20260601T100000Z"]), ("VEVENT", [])])
@example([("VTODO", ["DTSTART:99991231", "DURATION:P9W"])])
@example([("VTIMEZONE", ["TZID:x", "DTSTART:20260601"]), ("VEVENT", ["DTSTART;TZID=x:20260601T100000"])])
def test_any_file_is_read_or_told(components: list[tuple[str, list[str]]]) -> None:
    """Nothing but JSON comes out, and whatever is wrong is told by a line of it."""
    content = calendar(*(event("\n".join(lines), name) for name, lines in components))
    found = read_calendar(STRETCH, content)
    lines = content.count(b"\n") + content.count(b"\r") + 1
    assert all(1 <= line <= lines and reason for line, _, reason in found.faults)
    for each in found.events:
        assert all(start <= end for _, start, end, _, _ in each["meetings"])
        assert all(part + 1 < len(each["parts"]) for *_, part in each["meetings"])
    json.dumps([found.events, found.tasks]).encode()


@settings(max_examples=300)
@given(st.binary(max_size=300) | st.text(alphabet="BEGINDVCALRTOX:;\r\n \t", max_size=200).map(str.encode))
def test_any_bytes_are_taken_apart_or_refused(content: bytes) -> None:
    try:
        pieces = scan(content)
    except Wrong as wrong:
        assert wrong.line >= 1
        assert wrong.reason
    else:
        assert all(piece.lines[0].upper().startswith("BEGIN:") for piece in pieces)
