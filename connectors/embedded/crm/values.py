"""Turns the text of a CSV cell into a column's value, or says what is wrong with it."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation

from connectors.embedded.crm.schema import Column

GUID = re.compile(r"\{?([0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12})\}?", re.IGNORECASE)
LONGEST_ID = 64
FIRST_YEAR = 1753
CUSTOM_OPTION = 100_000_000
LARGEST = {"int": 2**63 - 1, "option": 2**31 - 1}
LARGEST_AMOUNT = Decimal(10) ** 15
YES, NO = {"true", "1", "yes"}, {"false", "0", "no"}

Value = str | int | float | bool


class BadValue(Exception):
    """Why a cell's text is no value of its column, in words for the person who made the file."""


def as_id(text: str) -> str:
    """An id as it is stored: a GUID in lower case without braces, anything else as it stands."""
    text = text.strip()
    guid = GUID.fullmatch(text)
    if guid is None:
        return text
    digits = guid[1].replace("-", "").lower()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def read_id(text: str) -> str:
    """A row's id; raises BadValue."""
    row_id = as_id(text)
    if not row_id:
        raise BadValue("the id is missing")
    if len(row_id) > LONGEST_ID:
        raise BadValue(f"the id is longer than {LONGEST_ID} characters")
    if not row_id.isprintable() or "," in row_id:
        raise BadValue("the id has a character that ids can't have")
    return row_id


def read_value(column: Column, text: str) -> Value | None:
    """The value of a cell that is no lookup, None for an empty one; raises BadValue."""
    if "\0" in text:
        raise BadValue("the cell has a NUL character")
    if not text.strip():
        return None
    reader = READERS.get(column.kind)
    return reader(column, text.strip()) if reader else text


def _read_address(_column: Column, text: str) -> str:
    return text


def _read_int(column: Column, text: str) -> int:
    if not re.fullmatch(r"[+-]?[0-9]{1,19}", text) or abs(int(text)) > LARGEST["int"]:
        raise BadValue(f"{_quoted(text)} is not a whole number")
    return int(text)


def _read_number(column: Column, text: str) -> float:
    try:
        number = (
            Decimal(text) if re.fullmatch(r"[+-]?[0-9]*\.?[0-9]*(?:[eE][+-]?[0-9]{1,3})?", text) else None
        )
    except InvalidOperation:
        number = None
    if number is None:
        raise BadValue(f"{_quoted(text)} is not a number: write digits with a point, like 1234.50")
    if abs(number) > LARGEST_AMOUNT:
        raise BadValue(f"{_quoted(text)} is too large")
    return float(number)


def _read_bool(column: Column, text: str) -> bool:
    word = text.casefold()
    if word not in YES | NO:
        raise BadValue(f"{_quoted(text)} is neither true nor false")
    return word in YES


def _read_datetime(column: Column, text: str) -> str:
    return _instant(text).isoformat()


def _read_date(column: Column, text: str) -> str:
    try:
        day = date.fromisoformat(text) if len(text) == len("2026-03-01") else _instant(text).date()
    except (ValueError, BadValue):
        raise BadValue(f"{_quoted(text)} is not a date: write 2026-03-01") from None
    if day.year < FIRST_YEAR:
        raise BadValue(f"{_quoted(text)} is before the year {FIRST_YEAR}")
    return day.isoformat()


def _instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
        at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise BadValue(f"{_quoted(text)} is not a time: write 2026-03-01T12:30:00Z") from None
    if at.year < FIRST_YEAR:
        raise BadValue(f"{_quoted(text)} is before the year {FIRST_YEAR}")
    return at


def _read_option(column: Column, text: str) -> int:
    labels = {label.casefold(): value for value, label in column.options.items() if label}
    if text.casefold() in labels:
        return labels[text.casefold()]
    allowed = ", ".join(f"{value} {label}".strip() for value, label in list(column.options.items())[:12])
    if not re.fullmatch(r"[0-9]{1,10}", text) or int(text) > LARGEST["option"]:
        raise BadValue(f"{_quoted(text)} is not an option: use one of {allowed}" if allowed else
                       f"{_quoted(text)} is not an option's number")  # fmt: skip
    number = int(text)
    if column.options and number not in column.options and (number < CUSTOM_OPTION or column.kind == "state"):
        raise BadValue(f"{number} is not one of the options {allowed}")
    return number


def _read_guid(column: Column, text: str) -> str:
    return read_id(text)


def _quoted(text: str) -> str:
    return f"“{text[:40]}…”" if len(text) > 40 else f"“{text}”"


READERS: dict[str, Callable[[Column, str], Value]] = {
    "email": _read_address,  # without the blanks around it, which would make it another one
    "int": _read_int,
    "decimal": _read_number,
    "money": _read_number,
    "bool": _read_bool,
    "datetime": _read_datetime,
    "date": _read_date,
    "option": _read_option,
    "state": _read_option,
    "status": _read_option,
    "guid": _read_guid,
}
