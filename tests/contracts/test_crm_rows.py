"""What every Crm must do when it is asked by value: `rows`, `changes`, `create`, `update`, `associate`."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from random import Random
from typing import Literal

import pytest

from insights.crm.conditions import (
    Column,
    Compare,
    Condition,
    Either,
    Every,
    In,
    Like,
    Not,
    Operator,
    Value,
    columns_of,
    holds,
)
from insights.crm.rows import CrmRow, CrmValue, Order, RowChanges, RowQuery, Values
from insights.errors import Invalid, NotAllowed, NotFound, Problem
from insights.model import RecordRef, User
from insights.ports import Crm
from tests.contracts.crm_world import NOW, contact, ref, uid
from tests.contracts.crms import Add, signed_in
from tests.contracts.test_crm import draft

NAME, OWNER, CUSTOMER = Column("name"), Column("ownerid", "lookup"), Column("customerid", "lookup")
CLOSES, VALUE = Column("estimatedclosedate", "date"), Column("estimatedvalue", "money")
DISCOUNT, LIKELY = Column("discountpercentage", "decimal"), Column("closeprobability", "int")
RATING, STATE = Column("opportunityratingcode", "option"), Column("statecode", "option")
PRIVATE, NEED = Column("isprivate", "bool"), Column("customerneed")
FOLLOW_UP, MADE = Column("schedulefollowup_prospect", "time"), Column("createdon", "time")
COLUMNS = [
    NAME,
    OWNER,
    CUSTOMER,
    CLOSES,
    VALUE,
    DISCOUNT,
    LIKELY,
    RATING,
    STATE,
    PRIVATE,
    NEED,
    FOLLOW_UP,
    MADE,
]
SUBJECT, REGARDING = Column("subject"), Column("regardingobjectid", "lookup")
START, END = Column("scheduledstart", "time"), Column("scheduledend", "time")


def opportunity(number: int) -> dict[str, str]:
    """One of many; each third lacks what each other has."""
    row = {
        "opportunityid": uid(f"many-{number}"),
        "name": f"{('Größe', 'grosse', 'Deal 50%', 'deal_x')[number % 4]} {number % 7}",
        "ownerid": uid(("ann", "bob", "cid")[number % 3]),
        "createdon": f"2026-01-{number % 28 + 1:02}T08:00:00Z",
    }
    if number % 3:
        row |= {"estimatedclosedate": f"2026-0{number % 6 + 1}-15", "closeprobability": str(number % 5 * 20)}
    if number % 4:
        row |= {"estimatedvalue": f"{number * 137.25:.2f}", "discountpercentage": f"{number % 9}.5"}
    if number % 5:
        row |= {"customerid": uid("contoso"), "customeridtype": "account", "isprivate": str(number % 2 == 0)}
    if number % 2:
        row |= {
            "opportunityratingcode": str(number % 3 + 1),
            "customerneed": ("Kühlung", "KUHLUNG ", "")[number % 3],
        }
    if number % 6:
        row["schedulefollowup_prospect"] = f"2026-03-{number % 28 + 1:02}T10:{number:02}:00Z"
    return row


def value_of(row: CrmRow, column: Column) -> CrmValue:
    return row.values[column.name]


async def found(crm: Crm, user: User | None, query: RowQuery) -> list[str]:
    [rows] = await crm.rows(user, [query])
    return [row.name for row in rows]


async def test_rows__values_have_the_kind_of_their_column(crm: Crm, add: Add) -> None:
    await add(opportunities=[opportunity(1)])
    query = RowQuery("opportunity", COLUMNS, Compare(Column("opportunityid", "guid"), "eq", uid("many-1")))
    [[row]] = await crm.rows(None, [query])
    assert row.ref == ref("opportunity", "many-1")
    assert row.name == "grosse 1"
    assert row.values == {
        "name": "grosse 1",
        "ownerid": ref("systemuser", "bob"),
        "customerid": ref("account", "contoso"),
        "estimatedclosedate": date(2026, 2, 15),
        "estimatedvalue": Decimal("137.25"),
        "discountpercentage": Decimal("1.5"),
        "closeprobability": 20,
        "opportunityratingcode": 2,
        "statecode": 0,
        "isprivate": False,
        "customerneed": "KUHLUNG ",
        "schedulefollowup_prospect": datetime(2026, 3, 2, 10, 1, tzinfo=UTC),
        "createdon": datetime(2026, 1, 2, 8, tzinfo=UTC),
    }


async def test_rows__nothing_is_none(crm: Crm, add: Add) -> None:
    await add(opportunities=[{"opportunityid": uid("bare"), "name": "Bare", "ownerid": uid("ann")}])
    query = RowQuery("opportunity", [CLOSES, VALUE, CUSTOMER, NEED, RATING], Compare(NAME, "eq", "bare"))
    [[row]] = await crm.rows(None, [query])
    assert set(row.values.values()) == {None}


SOUGHT: Sequence[tuple[Column, Sequence[Value]]] = [
    (NAME, ["größe 0", "GROSSE 1", "Deal 50% 2", "nothing"]),
    (NEED, ["kuhlung", "Kühlung", "kuh"]),
    (OWNER, [uid("ann"), uid("cid"), uid("nobody")]),
    (CUSTOMER, [uid("contoso"), uid("ana")]),
    (CLOSES, [date(2026, 1, 15), date(2026, 3, 15), date(2026, 4, 1)]),
    (VALUE, [Decimal("137.25"), Decimal(2000), Decimal("4117.50")]),
    (DISCOUNT, [Decimal("1.5"), Decimal(4)]),
    (LIKELY, [0, 40, 80]),
    (RATING, [1, 2, 3]),
    (STATE, [0, 1]),
    (PRIVATE, [True, False]),
    (FOLLOW_UP, [datetime(2026, 3, 5, 10, 4, tzinfo=UTC), datetime(2026, 3, 20, tzinfo=UTC)]),
    (MADE, [datetime(2026, 1, 10, 8, tzinfo=UTC), datetime(2026, 1, 20, tzinfo=UTC)]),
]
FUNCTIONS: Sequence[Literal["startswith", "endswith", "contains"]] = ["startswith", "endswith", "contains"]
EQUALITY: Sequence[Operator] = ["eq", "ne"]
ORDERED: Sequence[Operator] = ["gt", "ge", "lt", "le"]


def condition_by_chance(chance: Random, depth: int = 2) -> Condition:
    """A condition on any kind of column."""
    if depth and chance.random() < 0.5:
        parts = [condition_by_chance(chance, depth - 1) for _ in range(chance.randint(1, 3))]
        shapes: list[Condition] = [Every(parts), Either(parts), Not(parts[0])]
        return chance.choice(shapes)
    column, values = chance.choice(SOUGHT)
    if column.kind == "text" and chance.random() < 0.4:
        part = chance.choice(["gro", "50%", "l_x", "ung", "E 1", " 3", "ß"])
        return Like(chance.choice(FUNCTIONS), column, part)
    if chance.random() < 0.2:
        return In(column, chance.sample(values, 2))
    value = None if chance.random() < 0.15 else chance.choice(values)
    is_ordered = column.kind not in {"text", "lookup", "bool"} and value is not None
    return Compare(column, chance.choice([*EQUALITY, *(ORDERED if is_ordered else [])]), value)


async def test_rows__a_condition_means_the_same_everywhere(crm: Crm, add: Add) -> None:
    """400 conditions by chance hold for the rows for which `holds` says so, in one round trip."""
    await add(opportunities=[opportunity(number) for number in range(60)])
    chance = Random(20260301)
    asked = [condition_by_chance(chance) for _ in range(400)]
    queries = [RowQuery("opportunity", [], condition) for condition in asked]
    [everything, *answers] = await crm.rows(None, [RowQuery("opportunity", COLUMNS), *queries])
    assert len(everything) == 62
    told = 0
    for condition, answer in zip(asked, answers, strict=True):
        expected = {row.ref for row in everything if holds(condition, partial(value_of, row))}
        assert {row.ref for row in answer} == expected, condition
        told += 0 < len(expected) < len(everything)
    assert told > 250, "most conditions part the rows"
    assert set().union(*map(columns_of, asked)) == set(COLUMNS)


@pytest.mark.parametrize("column", [CLOSES, VALUE, LIKELY, FOLLOW_UP, MADE, STATE, NAME])
@pytest.mark.parametrize("descending", [False, True])
async def test_rows__in_order_nothing_first_and_no_more_than_asked_for(
    crm: Crm, add: Add, column: Column, descending: bool
) -> None:
    await add(opportunities=[opportunity(number) for number in range(40)])
    order = [Order(column, descending), Order(MADE), Order(NAME)]
    wanted = RowQuery("opportunity", [column, MADE], None, order)
    [every, first] = await crm.rows(None, [wanted, RowQuery("opportunity", [], None, order, top=7)])
    keys = [row.values[column.name] for row in every]
    known = [key for key in keys if key is not None]
    nothing = [None] * (len(keys) - len(known))
    assert keys == ([*known, *nothing] if descending else [*nothing, *known])
    if column is not NAME:
        assert known == sorted(known, reverse=descending)  # type: ignore[type-var]
    assert [row.ref for row in first] == [row.ref for row in every[:7]]


async def test_rows__by_owner_and_planned_day(crm: Crm, add: Add) -> None:
    await add(opportunities=[opportunity(number) for number in range(40)])
    condition = Every([Compare(OWNER, "eq", uid("bob")), Compare(CLOSES, "ge", date(2026, 3, 1)),
                       Compare(CLOSES, "lt", date(2026, 6, 1)), Compare(STATE, "eq", 0)])  # fmt: skip
    query = RowQuery("opportunity", [CLOSES, OWNER], condition, [Order(CLOSES)], top=5)
    [rows] = await crm.rows(None, [query])
    days = [str(row.values["estimatedclosedate"]) for row in rows]
    assert len(days) == 5
    assert days == sorted(days)
    assert (min(days) >= "2026-03-01", max(days) < "2026-06-01") == (True, True)
    assert {row.values["ownerid"] for row in rows} == {ref("systemuser", "bob")}


@pytest.mark.parametrize(
    ("word", "names"),
    [
        ("ann", {"Site visit"}),
        ("cid", set()),
        ("dora", {"Site visit"}),
        ("gil", {"Site visit"}),
    ],
)
async def test_rows__show_what_the_user_may_read(crm: Crm, word: str, names: set[str]) -> None:
    query = RowQuery("appointment", [START], Compare(START, "ge", datetime(2026, 2, 1, tzinfo=UTC)))
    assert set(await found(crm, await signed_in(crm, word), query)) == names


async def test_rows__a_table_that_the_user_may_not_read_has_none(crm: Crm) -> None:
    gil = await signed_in(crm, "gil")
    leads, contacts = RowQuery("lead"), RowQuery("contact")
    assert [len(rows) for rows in await crm.rows(gil, [leads, contacts])] == [0, 0]
    assert [len(rows) for rows in await crm.rows(None, [leads, contacts])] == [1, 6]


async def test_rows__of_all_activities(crm: Crm) -> None:
    about = RowQuery(
        "activitypointer", [SUBJECT, REGARDING], Compare(REGARDING, "eq", uid("deal")), [Order(SUBJECT)]
    )
    [rows] = await crm.rows(await signed_in(crm, "ann"), [about])
    assert [(row.ref.table, row.name) for row in rows] == [
        ("phonecall", "Call about price"),
        ("appointment", "Site visit"),
        ("email", "Your offer"),
    ]
    assert {row.values["regardingobjectid"] for row in rows} == {ref("opportunity", "deal")}
    kind = Compare(Column("activitytypecode"), "eq", "phonecall")
    [calls] = await crm.rows(None, [RowQuery("activitypointer", [], kind)])
    assert {row.ref.table for row in calls} == {"phonecall"}


async def test_rows__of_products_service_activities_and_custom_tables(crm: Crm, add: Add) -> None:
    await add(
        products=[{"productid": uid("pump"), "name": "Pump", "price": "99.50", "productnumber": "P-1"}],
        serviceappointments=[
            {"activityid": uid("repair"), "subject": "Repair", "scheduledstart": "2026-03-04T08:00:00Z",
             "scheduledend": "2026-03-04T09:00:00Z", "regardingobjectid": uid("contoso"),
             "ownerid": uid("ann")}
        ],
    )  # fmt: skip
    price, deadline = Column("price", "money"), Column("new_deadline", "date")
    products, visits, projects = await crm.rows(
        await signed_in(crm, "ann"),
        [
            RowQuery("product", [price], Compare(price, "lt", Decimal(100))),
            RowQuery("serviceappointment", [END, REGARDING], Compare(START, "ge", NOW)),
            RowQuery("new_project", [deadline], Compare(deadline, "eq", date(2026, 4, 1))),
        ],
    )
    assert [(row.name, row.values["price"]) for row in products] == [("Pump", Decimal("99.5"))]
    assert [row.values for row in visits] == [
        {"scheduledend": datetime(2026, 3, 4, 9, tzinfo=UTC), "regardingobjectid": ref("account", "contoso")}
    ]
    assert [row.values["new_deadline"] for row in projects] == [date(2026, 4, 1)]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        (RowQuery("acount"), "unknown_table"),
        (RowQuery("account", [Column("nam")]), "unknown_column"),
        (RowQuery("account", [Column("name", "int")]), "unknown_column"),
        (RowQuery("account", [], Compare(Column("revenu", "money"), "gt", Decimal(1))), "unknown_column"),
        (RowQuery("account", [], None, [Order(Column("nam"))]), "unknown_column"),
    ],
)
async def test_rows__what_is_not_there_is_told(crm: Crm, query: RowQuery, code: str) -> None:
    with pytest.raises(Invalid) as told:
        await crm.rows(None, [RowQuery("account"), query])
    assert told.value.code == code


@pytest.mark.parametrize("value", ["5", 5.0, True, None.__class__])
async def test_rows__a_value_of_another_kind_is_a_mistake(crm: Crm, value: object) -> None:
    with pytest.raises(TypeError):
        await crm.rows(None, [RowQuery("opportunity", [], Compare(LIKELY, "eq", value))])  # type: ignore[arg-type]


async def read_all(crm: Crm, table: str, columns: Sequence[Column], cursor: str | None = None) -> RowChanges:
    rows: list[CrmRow] = []
    deleted: list[str] = []
    while True:
        page = await crm.changes(table, columns, cursor)
        rows, deleted, cursor = [*rows, *page.rows], [*deleted, *page.deleted_ids], page.cursor
        if not page.has_more:
            return RowChanges(rows, deleted, cursor, is_complete=page.is_complete)


async def test_changes__first_everything_then_what_changed(crm: Crm, add: Add) -> None:
    first = await read_all(crm, "account", [NAME])
    assert {row.name for row in first.rows} == {"Contoso Ltd", "Fabrikam", "Tailspin"}
    again = await read_all(crm, "account", [NAME], first.cursor)
    assert (again.rows, again.deleted_ids, again.is_complete) == ([], [], True)
    await add(accounts=[{"accountid": uid("tailspin"), "name": "Tailspin Toys"}],
              contacts=[contact("new", "ann", "contoso")])  # fmt: skip
    ann = await signed_in(crm, "ann")
    await crm.update(ann, ref("account", "contoso"), {Column("address1_city"): "York"})
    later = await read_all(crm, "account", [NAME, Column("address1_city")], again.cursor)
    assert {(row.name, row.values["address1_city"]) for row in later.rows} == {
        ("Tailspin Toys", None),
        ("Contoso Ltd", "York"),
    }
    assert (await read_all(crm, "account", [NAME], later.cursor)).rows == []


async def test_changes__what_is_deleted_is_told_once(crm: Crm) -> None:
    ann = await signed_in(crm, "ann")
    email = await crm.create_email(ann, draft())
    first = await read_all(crm, "email", [SUBJECT])
    assert email.email_activity_id in {row.ref.id for row in first.rows}
    await crm.delete_email(ann, email.email_activity_id)
    later = await read_all(crm, "email", [SUBJECT], first.cursor)
    assert (later.rows, later.deleted_ids) == ([], [email.email_activity_id])
    assert (await read_all(crm, "email", [SUBJECT], later.cursor)).deleted_ids == []
    await crm.create_email(ann, draft())
    again = await read_all(crm, "email", [SUBJECT], first.cursor)
    assert ([row.ref.id for row in again.rows], again.deleted_ids) == ([email.email_activity_id], [])


@pytest.mark.parametrize("cursor", ["x", "1", "null", '["page"]', "9" * 99, "-1:a", '["token","x","y"]'])
async def test_changes__a_cursor_that_is_none_is_told(crm: Crm, cursor: str) -> None:
    with pytest.raises(Invalid) as told:
        await crm.changes("account", [NAME], cursor)
    assert told.value.code == "bad_cursor"


TASK = RecordRef("task", uid("new-task"))
PLAN: Values = {
    SUBJECT: "Bring the drawings",
    REGARDING: ref("opportunity", "deal"),
    END: NOW + timedelta(days=2),
    Column("prioritycode", "option"): 2,
    Column("description"): "Both of them",
}


async def test_create__twice_is_once(crm: Crm) -> None:
    ann = await signed_in(crm, "ann")
    await crm.create(ann, TASK, PLAN)
    await crm.create(ann, TASK, {SUBJECT: "Another"})
    query = RowQuery("task", [*PLAN, OWNER, STATE], Compare(Column("activityid", "guid"), "eq", TASK.id))
    [[row]] = await crm.rows(ann, [query])
    assert {column: row.values[column.name] for column in PLAN} == PLAN
    assert (row.values["ownerid"], row.values["statecode"]) == (ref("systemuser", "ann"), 0)
    activities = await crm.activities(ann, ref("opportunity", "deal"), since=None, before=None, limit=20)
    assert TASK.id in {activity.id for activity in activities}


async def test_create__a_person_has_a_name_and_an_address(crm: Crm) -> None:
    ann = await signed_in(crm, "ann")
    person = RecordRef("contact", uid("new-person"))
    await crm.create(ann, person, {Column("firstname"): "Ida", Column("lastname"): "Ek",
                                   Column("emailaddress1"): "ida@ek.example"})  # fmt: skip
    assert (await crm.record(ann, person)).name == "Ida Ek"
    [match] = await crm.matches(ann, ["ida@ek.example"])
    assert match.record.ref == person


@pytest.mark.parametrize(
    ("values", "error", "code"),
    [
        ({SUBJECT: "x", REGARDING: ref("incident", "noise")}, (NotFound, NotAllowed), ""),
        ({SUBJECT: "x", REGARDING: ref("account", "nowhere")}, NotFound, "record_not_found"),
        ({SUBJECT: "x", REGARDING: ref("role", "Auditor")}, Invalid, "bad_value"),
        ({SUBJECT: "x", Column("subjct"): "y"}, Invalid, "unknown_column"),
        ({SUBJECT: "x", Column("prioritycode", "text"): "y"}, Invalid, "unknown_column"),
    ],
)
async def test_create__what_cannot_be_is_told_and_nothing_is_made(
    crm: Crm, values: Values, error: type[Problem] | tuple[type[Problem], ...], code: str
) -> None:
    ann = await signed_in(crm, "ann")
    with pytest.raises(error) as told:
        await crm.create(ann, TASK, values)
    assert told.value.code == code or not code
    assert await found(crm, None, RowQuery("task", [], Compare(SUBJECT, "eq", "x"))) == []


async def test_update__sets_and_clears(crm: Crm) -> None:
    ann = await signed_in(crm, "ann")
    await crm.create(ann, TASK, PLAN)
    await crm.update(ann, TASK, {END: None, REGARDING: ref("account", "contoso"), SUBJECT: "Later"})
    await crm.update(ann, TASK, {Column("description"): None})
    [[row]] = await crm.rows(ann, [RowQuery("task", list(PLAN), Compare(SUBJECT, "eq", "later"))])
    assert row.values == {
        "subject": "Later", "regardingobjectid": ref("account", "contoso"), "scheduledend": None,
        "prioritycode": 2, "description": None,
    }  # fmt: skip
    await crm.update(ann, TASK, {REGARDING: None})
    [[row]] = await crm.rows(ann, [RowQuery("task", [REGARDING], Compare(SUBJECT, "eq", "later"))])
    assert row.values == {"regardingobjectid": None}


async def test_update__needs_the_right(crm: Crm) -> None:
    gil, cid = await signed_in(crm, "gil"), await signed_in(crm, "cid")
    with pytest.raises(NotAllowed):
        await crm.update(gil, ref("account", "fabrikam"), {NAME: "Mine"})  # shared for reading
    with pytest.raises((NotFound, NotAllowed)):
        await crm.update(cid, ref("account", "contoso"), {NAME: "Mine"})
    with pytest.raises(NotFound):
        await crm.update(cid, ref("account", "nowhere"), {NAME: "Mine"})
    assert set(await found(crm, None, RowQuery("account"))) == {"Contoso Ltd", "Fabrikam", "Tailspin"}


@pytest.mark.parametrize("table", ["email", "activitypointer", "systemuser", "role"])
async def test_update__of_what_the_crm_keeps_itself_is_refused(crm: Crm, table: str) -> None:
    dora = await signed_in(crm, "dora")
    for write in (crm.create, crm.update):
        with pytest.raises(Invalid) as told:
            await write(dora, RecordRef(table, uid("mail")), {})
        assert told.value.code == "unknown_table"


async def test_associate__twice_is_once(crm: Crm, add: Add) -> None:
    await add(competitors=[{"competitorid": uid("rival"), "name": "Rival"}])
    ann, deal, rival = await signed_in(crm, "ann"), ref("opportunity", "deal"), ref("competitor", "rival")
    for one, other in ((deal, rival), (rival, deal), (deal, rival)):
        await crm.associate(ann, "opportunitycompetitors", one, other)
    pair = [Column("opportunityid", "guid"), Column("competitorid", "guid")]
    [rows] = await crm.rows(None, [RowQuery("opportunitycompetitors", pair)])
    assert [row.values for row in rows] == [{"opportunityid": deal.id, "competitorid": rival.id}]


@pytest.mark.parametrize(
    ("table", "other", "code"),
    [
        ("opportunitycompetitors", ref("account", "contoso"), "bad_value"),
        ("systemuserroles", ref("role", "Auditor"), "unknown_table"),
        ("nothing", ref("account", "contoso"), "unknown_table"),
    ],
)
async def test_associate__what_does_not_fit_is_told(
    crm: Crm, table: str, other: RecordRef, code: str
) -> None:
    with pytest.raises(Invalid) as told:
        await crm.associate(await signed_in(crm, "ann"), table, ref("opportunity", "deal"), other)
    assert told.value.code == code
