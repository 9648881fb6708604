"""The stand-in parses filters by OASIS's grammar, as far as its test cases tell."""

import json
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.standins.dataverse.collation import matches
from tests.standins.dataverse.filter_parser import parse_filter
from tests.standins.dataverse.lexer import BadSyntax

RULES = {"commonexpr", "boolcommonexpr", "filter"}


@pytest.mark.testdata
def test_every_case_of_the_standard_parses_or_fails_as_it_says(testdata: Path) -> None:
    cases = json.loads((testdata / "odata" / "abnf-testcases.json").read_text("utf-8"))
    checked = {True: 0, False: 0}
    for case in cases:
        if case["Rule"].lower() not in RULES:
            continue
        should_parse = "FailAt" not in case
        checked[should_parse] += 1
        assert _parses(case["Rule"], case["Input"]) == should_parse, case
    assert checked[True] > 170
    assert checked[False] > 8


def _parses(rule: str, text: str) -> bool:
    if rule == "filter":
        name, _, text = text.partition("=")
        if name not in {"$filter", "filter"} or text.startswith(" "):
            return False  # spaces around the sign are the query string's, no part of a filter
    try:
        parse_filter(unquote(text))
    except BadSyntax:
        return False
    return True


NO_FILTERS = ["", "name eq", "name eq 'x' and", "(a eq 1", "a eq 1)", "a 'x'", "a eq 'x''", "5 5", "not", "{"]
NO_FILTERS += ["a in (b,'x')", "x/ eq 1", "a eq 1 2", "\0", "a eq1", '{"a":1']


@pytest.mark.parametrize("text", NO_FILTERS)
def test_what_is_no_filter_is_refused(text: str) -> None:
    with pytest.raises(BadSyntax):
        parse_filter(text)


@pytest.mark.parametrize(
    ("text", "pattern", "whole"),
    [
        ("Contoso", "CONTÓSO", True),
        ("Contoso  ", "contoso", True),
        ("a%b", "a[%]b", True),
        ("axb", "a[%]b", False),
        ("axb", "a_b", True),
        ("axxb", "a%b", True),
        ("ab", "a[^b]", False),
        ("a]", "a]", True),
        ("a[", "a[", True),
        ("a-", "a[a-c]", False),
        ("a^", "a[x^]", True),
        ("line\nend", "line%end", True),
    ],
)
def test_patterns_are_those_of_sql(text: str, pattern: str, whole: bool) -> None:
    assert matches(text, pattern, before=False, after=False) == whole
