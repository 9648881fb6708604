"""Times as mailers write them: RFC 5322, ISO 8601, zones by name, months in other languages, AM and PM."""

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

LENGTH_LIMIT = 200
COMMENT = re.compile(r"\(([^()]*)\)")
ISO = re.compile(r"\b(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]+|\b)")
COMPACT = re.compile(r"\b(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)")
NUMERIC = re.compile(r"(?<!\d)(\d{1,4})([./-])(\d{1,2})\2(\d{2,4})(?!\d)")
SPACED = re.compile(r"(?<=\d)\s*:\s*(?=\d)")
CLOCK = re.compile(
    r"(?<!\d)(\d{1,2})([:.])(\d{1,2})(?:\2(\d{1,2})(?:[.,]\d+)?)?(?!\d)"
    r"\s*([AaPp]\.?[Mm]\b\.?)?"
)
OFFSET = re.compile(r"(?<![\d/])([+-])(\d{1,2}):?(\d\d)?(?!\d)")
WORD = re.compile(r"[^\W\d_]+")
NUMBER = re.compile(r"\d+")
MONTHS = {
    name: number
    for number, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), start=1)  # noqa: SIM905
}
LANGUAGES = "en de fr es it pt nl sv da nb fi pl cs sk hu ro tr ru uk bg el ca et lv lt sl id vi".split()  # noqa: SIM905
LEGACY_MONTHS = {"mrz": 3, "maerz": 3, "mrt": 3, "sept": 9}
"""What Windows' older tables have for months."""
HOURS = {
    "ut": 0, "utc": 0, "gmt": 0, "z": 0, "wet": 0, "west": 1, "bst": 1,
    "cet": 1, "met": 1, "mez": 1, "cest": 2, "mest": 2, "mesz": 2, "eet": 2, "eest": 3, "msk": 3,
    "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7,
    "akst": -9, "akdt": -8, "hst": -10, "ast": -4, "adt": -3, "brt": -3, "nst": -3.5, "ndt": -2.5,
    "sgt": 8, "hkt": 8, "awst": 8, "jst": 9, "kst": 9, "acst": 9.5, "acdt": 10.5, "aest": 10, "aedt": 11,
    "nzst": 12, "nzdt": 13,
}  # fmt: skip
"""Zones whose names mean one thing to nearly everybody, in hours east of Greenwich."""


def read_time(value: str) -> datetime | None:
    """A time as UTC; without a zone it is taken for UTC; None if it is unreadable or no such time exists."""
    value = value[:LENGTH_LIMIT]
    comments = COMMENT.findall(value)
    text = SPACED.sub(":", COMMENT.sub(" ", value))
    try:
        found = _read_date(text)
        if found is None:
            return None
        (year, month, day), rest = found
        clock, rest = _read_clock(rest)
        offset = _read_offset(rest, comments)
        at = datetime(year, month, day, *clock, tzinfo=timezone(timedelta(hours=offset)))
        return at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _read_date(text: str) -> tuple[tuple[int, int, int], str] | None:
    """(year, month, day) and what else stands there."""
    if compact := COMPACT.search(text):
        date = int(compact[1]), int(compact[2]), int(compact[3])
        return date, f"{compact[4]}:{compact[5]}:{compact[6]} {text[compact.end() :]}"
    if iso := ISO.search(text):
        return (int(iso[1]), int(iso[2]), int(iso[3])), text[iso.end() :]
    named = [(word, month) for word in WORD.finditer(text) if (month := _month(word[0].lower()))]
    if named:  # the last one: some days of the week are shortened as months of other languages are
        return _around_month(text, *named[-1])
    if numeric := NUMERIC.search(text):
        told = _numeric(int(numeric[1]), numeric[2], int(numeric[3]), int(numeric[4]), text)
        return (told, f"{text[: numeric.start()]} {text[numeric.end() :]}") if told else None
    return None


def _around_month(text: str, word: "re.Match[str]", month: int) -> tuple[tuple[int, int, int], str] | None:
    """Day and year, which stand on either side of the month's name or both behind it."""
    clock = CLOCK.search(text)
    kept = text if clock is None else text[: clock.start()] + " " * len(clock[0]) + text[clock.end() :]
    offset = OFFSET.search(kept, word.end()) if clock is None else OFFSET.search(kept, clock.start())
    if offset and offset.start() > word.end() + 4:
        kept = kept[: offset.start()] + " " * len(offset[0]) + kept[offset.end() :]
    numbers = NUMBER.findall(kept)
    if len(numbers) < 2:
        return None
    first, second = numbers[0], numbers[1]
    day, year = (second, first) if len(first) == 4 else (first, second)
    rest = text[clock.start() :] if clock else text
    return (_year(int(year), len(year)), month, int(day)), rest


def _numeric(first: int, separator: str, second: int, third: int, text: str) -> tuple[int, int, int] | None:
    """A date of numbers alone; one with slashes that may be read in two ways is none."""
    if first > 31:
        return first, second, third
    year = _year(third, 4 if third > 99 else 2)
    if separator != "/":
        return year, second, first
    is_american = bool(re.search(r"\d\s*[ap]\.?m\b", text, re.IGNORECASE))
    if second > 12 or (is_american and first <= 12):
        return year, first, second
    return (year, second, first) if first > 12 or first == second else None


def _year(year: int, digits: int) -> int:
    """A year of two or three digits as RFC 5322 (4.3) wants it read."""
    if digits >= 4:
        return year
    return year + (2000 if year < 50 and digits < 3 else 1900)


def _read_clock(text: str) -> tuple[tuple[int, int, int], str]:
    found = CLOCK.search(text)
    if found is None:
        return (0, 0, 0), text
    hour, minute, second = int(found[1]), int(found[3]), int(found[4] or 0)
    if found[5]:
        if not 1 <= hour <= 12:
            hour %= 24
        else:
            hour = hour % 12 + 12 * (found[5][0] in "pP")
    return (hour, minute, min(second, 59)), text[found.end() :]


def _read_offset(text: str, comments: list[str]) -> float:
    """Hours east of Greenwich: by numbers, else by a name, else by a name in brackets."""
    if found := OFFSET.search(text):
        hours = int(found[2]) + int(found[3] or 0) / 60
        return -hours if found[1] == "-" else hours
    for words in (text, *comments):
        for word in WORD.findall(words):
            if word.lower() in HOURS:
                return HOURS[word.lower()]
    return 0.0


def _month(word: str) -> int:
    """The number of a month by its name or what it is shortened to, 0 for another word."""
    if number := MONTHS.get(word[:3] if word.isascii() and len(word) in {3, 4} else word):
        return number
    return _month_names().get(word, 0) if len(word) >= 3 or not word.isascii() else 0


@lru_cache(maxsize=1)
def _month_names() -> dict[str, int]:
    """Names of months in many languages; those that mean another month elsewhere are left out."""
    from babel.dates import get_month_names

    found: dict[str, set[int]] = {}
    for language in LANGUAGES:
        for width in ("wide", "abbreviated"):
            for context in ("format", "stand-alone"):
                for number, name in get_month_names(width, context, language).items():
                    found.setdefault(name.rstrip(".").lower(), set()).add(number)
    names = {name: numbers.pop() for name, numbers in found.items() if len(numbers) == 1}
    return {**LEGACY_MONTHS, **names}
