import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from odata_query import ast
from odata_query.grammar import ODataLexer, ODataParser

from connectors.dataverse.expressions import AnyOf, Collection, clean, write_condition
from connectors.dataverse.query import Expand, Query, split_expands
from insights.crm.conditions import Column, Compare, Condition, Either, Every, In, Like, Not, every
from tests.standins.dataverse.filter_parser import parse_filter
from tests.standins.dataverse.filter_tree import Literal, Operation
from tests.standins.dataverse.filter_tree import Path as FilterPath

NAME, OWNER, SENT = Column("name"), Column("ownerid", "lookup"), Column("senton", "time")
IS_OPEN, STATE, KEY = Column("isopen", "bool"), Column("statecode", "int"), Column("accountid", "guid")
SOME_ID = "11111111-2222-3333-4444-555555555555"
PARTIES = Collection("email_activity_parties")
any_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


def parsed(condition: Condition) -> ast._Node:
    tree: ast._Node = ODataParser().parse(ODataLexer().tokenize(write_condition(condition)))
    return tree


def literal_in_the_address(query: Query) -> str:
    """What a service reads: the address decoded, its filter parsed, the constant on the right."""
    options = dict(parse_qsl(urlsplit(query.path).query, keep_blank_values=True))
    node = parse_filter(options["$filter"])
    assert isinstance(node, Operation)
    assert isinstance(node.operands[1], Literal)
    return node.operands[1].text


@given(any_text)
def test_any_text_arrives_as_it_is(text: str) -> None:
    condition = Compare(NAME, "eq", text)
    assert literal_in_the_address(Query("accounts", [KEY], condition)) == text
    found = parsed(condition)
    assert isinstance(found, ast.Compare)
    assert found.right == ast.String(text)


@pytest.mark.testdata
def test_naughty_strings_arrive_as_they_are(testdata: Path) -> None:
    strings = json.loads((testdata / "hostile" / "naughty-strings.json").read_text("utf-8"))
    for text in strings:
        sent = text.replace("\0", "")
        condition = Every([Compare(NAME, "ne", None), Compare(NAME, "eq", text)])
        options = dict(parse_qsl(urlsplit(Query("accounts", [KEY], condition).path).query))
        assert parse_filter(options["$filter"]) == Operation(
            "and",
            (
                Operation("ne", (FilterPath(("name",)), Literal("null", "null"))),
                Operation("eq", (FilterPath(("name",)), Literal("string", sent))),
            ),
        )


@pytest.mark.testdata
def test_what_is_built_is_what_the_grammar_of_oasis_allows(testdata: Path) -> None:
    """The parser that the conditions are read back with accepts and refuses what OASIS says."""
    cases = json.loads((testdata / "odata" / "abnf-testcases.json").read_text("utf-8"))
    refused = [case["Input"] for case in cases if case["Rule"] == "boolCommonExpr" and "FailAt" in case]
    assert refused
    for condition in (Compare(NAME, "eq", text) for text in refused):  # as values they harm nobody
        assert isinstance(parsed(condition), ast.Compare)


def test_values_are_written_by_the_kind_of_their_column() -> None:
    elsewhere = datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    assert write_condition(Compare(SENT, "ge", elsewhere)) == "senton ge 2026-03-01T10:00:00Z"
    assert write_condition(Compare(OWNER, "eq", SOME_ID.upper())) == f"_ownerid_value eq {SOME_ID}"
    assert write_condition(Compare(IS_OPEN, "eq", value=True)) == "isopen eq true"
    assert write_condition(Compare(STATE, "eq", 0)) == "statecode eq 0"
    assert write_condition(Compare(OWNER, "ne", None)) == "_ownerid_value ne null"


@pytest.mark.parametrize(
    ("column", "value"),
    [
        (KEY, "1 or 1 eq 1"),
        (OWNER, "null"),
        (SENT, datetime(2026, 3, 1)),
        (SENT, "2026-03-01T10:00:00Z"),
        (STATE, True),
        (STATE, "0"),
        (IS_OPEN, 1),
        (NAME, 5),
    ],
)
def test_values_of_another_kind_are_refused(column: Column, value: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        write_condition(Compare(column, "eq", value))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["", "a b", "a)", "a/b", "1a", "name eq 'x' or name", "a'", "a" * 200])
def test_names_are_names(name: str) -> None:
    for make in (Column, Collection):
        with pytest.raises(ValueError, match="no name"):
            make(name)
    with pytest.raises(ValueError, match="no name"):
        _ = Query(name, [KEY]).path
    with pytest.raises(ValueError, match="no name"):
        _ = Expand(name, [KEY]).text


def test_conditions_join_as_they_are_nested() -> None:
    party = Every([Compare(Column("addressused"), "eq", "a@b"), Not(Compare(STATE, "eq", 1))])
    condition = Either([AnyOf(PARTIES, AnyOf(Collection("inner"), party)), In(STATE, [1, 2])])
    assert write_condition(condition) == (
        "(email_activity_parties/any(x:x/inner/any(xx:(xx/addressused eq 'a@b' and "
        "not (xx/statecode eq 1)))) or (statecode eq 1 or statecode eq 2))"
    )
    assert isinstance(parsed(condition), ast.BoolOp)
    assert every([None, None]) is None
    assert every([None, party]) is party
    with pytest.raises(ValueError, match="no condition"):
        write_condition(Either([]))


@pytest.mark.parametrize("text", ["%", "a_b", "[x]", "100%", "'%'"])
def test_wildcards_are_taken_as_they_are(text: str) -> None:
    from tests.standins.dataverse.collation import matches

    written = write_condition(Like("contains", NAME, text))
    pattern = written.removeprefix("contains(name,'").removesuffix("')").replace("''", "'")
    assert matches(f"before {text} after", pattern, before=True, after=True)
    assert not matches("before  after", pattern, before=True, after=True)


def test_a_query_is_an_address() -> None:
    contact = Expand("primarycontactid", [Column("fullname")])
    query = Query(
        "accounts", [KEY, NAME, NAME], Compare(NAME, "eq", "A & B #1+?"), [SENT, KEY], 9000, [contact],
        descending=frozenset({"senton"}),
    )  # fmt: skip
    options = dict(parse_qsl(urlsplit(query.path).query))
    assert options == {
        "$select": "accountid,name",
        "$filter": "name eq 'A & B #1+?'",
        "$orderby": "senton desc,accountid",
        "$top": "5000",
        "$expand": "primarycontactid($select=fullname)",
    }
    assert Query("accounts", [], id=f"{{{SOME_ID}}}").path == f"accounts({UUID(SOME_ID)})"
    with pytest.raises(ValueError, match="badly formed"):
        _ = Query("accounts", [], id="1)/secret").path


def test_expansions_are_split_into_as_many_queries_as_it_takes() -> None:
    inner = Expand("inner", [KEY])
    groups = split_expands([Expand(f"n{number}", [KEY], expand=[inner]) for number in range(20)])
    assert [sum(expand.count for expand in group) for group in groups] == [14, 14, 12]
    assert split_expands([]) == [[]]


def test_cleaned_text_has_nothing_that_xml_refuses() -> None:
    assert clean("a\0b\x0bc\ud800d\ufffe\te🚀") == "abcd\te🚀"


def test_times_lose_parts_of_a_second() -> None:
    at = datetime(2026, 3, 1, 10, 0, 0, 999999, tzinfo=UTC)
    assert write_condition(Compare(SENT, "le", at)) == "senton le 2026-03-01T10:00:00Z"
