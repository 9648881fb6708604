"""Every code that a port's documentation names, or a connector raises while tracking, has words."""

import re
from collections.abc import Iterator
from pathlib import Path

import connectors
from insights.capture.causes import CAUSES, failure_of
from insights.ports import Crm, Mail
from tests.problems import problems_made

PASSING = {"Unavailable"}  # tried again, then told as `unavailable`
ASKED_FOR = {
    "others_added": "untracking",
    "bad_token": "signing in",
    "bad_cursor": "paging",
    "unknown_table": "searching",
    "already_known": "making a person",
    "bad_address": "making a person",
    "name_missing": "making a person",
    "changed": "a draft",
    "upload_failed": "sending",
    "domains_not_granted": "opening an email",
    "unknown_column": "asking the CRM by value",
    "bad_condition": "asking the CRM by value",
    "bad_value": "writing to the CRM by value",
    "mail_too_long": "reading a message as it was sent",
}
"""Codes that do not come up while an email is tracked: they are told at once to who asked for something."""


def raised() -> Iterator[tuple[str, str]]:
    """(Class, code) of each Problem that a connector to a service makes."""
    for folder in ("dataverse", "graph", "entra"):
        for path in (Path(connectors.__path__[0]) / folder).glob("*.py"):
            for kind, key in problems_made(path):
                yield kind, key.partition(".")[0]


def test_codes_of_the_ports_have_words() -> None:
    documented = set(re.findall(r"`([a-z]+_[a-z_]+)`", f"{Crm.__doc__}{Mail.__doc__}"))
    assert len(documented) > 5
    assert documented - CAUSES - ASKED_FOR.keys() == set()


def test_codes_of_the_connectors_have_words() -> None:
    made = list(raised())
    assert len(made) > 20
    codes = {code for kind, code in made if kind not in PASSING}
    assert codes - CAUSES - ASKED_FOR.keys() == set()


def test_an_unknown_code_is_told_as_unexpected() -> None:
    assert failure_of("no such code") == failure_of("unexpected")
