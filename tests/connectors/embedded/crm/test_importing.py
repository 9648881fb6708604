"""`liaison import crm`: what is taken, what is refused and how it is said, all or nothing."""

import json
import os
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, func, select

from connectors.embedded.crm.crm import EmbeddedCrm
from connectors.embedded.crm.importing import ImportFailed, import_crm, import_rows, list_skipped
from connectors.embedded.crm.rows import read_row
from connectors.embedded.crm.tables import addresses, contents, lookups, rows, timeline
from insights.database import Database
from insights.errors import Invalid, NotFound
from insights.model import RecordRef, User
from tests.conftest import OpenDatabase
from tests.contracts.crm_world import METADATA, PROJECT, uid

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
ADMIN = User("admin", "Admin", "", ("System Administrator",))
A1, A2, C1 = uid("a1"), uid("a2"), uid("c1")

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes files into a fresh folder and returns it; text becomes UTF-8, a dict JSON."""

    def write_files(**files: str | bytes | object) -> Path:
        folder = tmp_path / "csv"
        folder.mkdir(exist_ok=True)
        for old in folder.iterdir():
            old.unlink()
        for name, content in files.items():
            path = folder / (f"{name}.json" if name == "metadata" else f"{name}.csv")
            text = content if isinstance(content, str | bytes) else json.dumps(content)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return folder

    return write_files


@pytest.fixture
async def database(open_database: OpenDatabase) -> Database:
    database = open_database("crm")
    await EmbeddedCrm(database, now=lambda: NOW).start()
    return database


@pytest.fixture
async def sqlite(tmp_path: Path) -> AsyncIterator[Database]:
    """For what does not depend on the kind of database."""
    database = Database("crm", data_dir=tmp_path)
    await EmbeddedCrm(database, now=lambda: NOW).start()
    yield database
    await database.close()


async def count(database: Database, table: str) -> int:
    statement = select(func.count()).where(rows.c.table_name == table)
    return await database.read(lambda connection: connection.execute(statement).scalar() or 0)


def everything(connection: Connection) -> list[object]:
    return [list(connection.execute(select(table))) for table in (rows, lookups, addresses)]


async def faults(database: Database, folder: Path) -> list[str]:
    """The lines that are printed for a folder that is refused; nothing of it may be stored."""
    before = await database.read(everything)
    with pytest.raises(ImportFailed) as failed:
        await import_crm(database, folder, now=NOW)
    after = await database.read(everything)
    assert after == before
    assert failed.value.what == "Nothing was imported"
    return [str(fault) for fault in failed.value.faults]


# --- what is taken --------------------------------------------------------------------------------


async def test_required_are_only_id_and_primary_name(database: Database, write: Write) -> None:
    folder = write(accounts=f"accountid,name\n{A1},Contoso\n", leads=f"leadid,fullname\n{uid('l')},Lea\n")
    report = await import_crm(database, folder, now=NOW)
    assert report.created == {"account": 1, "lead": 1}
    crm = EmbeddedCrm(database, now=lambda: NOW)
    assert (await crm.record(ADMIN, RecordRef("account", A1))).name == "Contoso"


async def test_ids_of_any_form_and_guids_in_any_spelling(database: Database, write: Write) -> None:
    folder = write(
        accounts=f"AccountId,Name\n{{{A1.upper()}}},Contoso\nacc-7,Seven\n",
        contacts=f"contactid,fullname,parentcustomerid,parentcustomeridtype\nuser-id-0,Ana,{A1.upper()},account\n"
        f"1,Ben,acc-7,accounts\n",
    )
    await import_crm(database, folder, now=NOW)
    ana = await database.read(read_row, "contact", "user-id-0")
    ben = await database.read(read_row, "contact", "1")
    assert ana
    assert ben
    assert ana.lookup("parentcustomerid") == RecordRef("account", A1)
    assert ben.lookup("parentcustomerid") == RecordRef("account", "acc-7")


@pytest.mark.parametrize(
    "encode",
    [
        str.encode,
        lambda text: text.encode("utf-8-sig"),
        lambda text: text.replace("\n", "\r\n").encode("utf-8-sig"),
    ],
)
async def test_bom_crlf_quoted_newlines_and_blank_lines(
    sqlite: Database, write: Write, encode: Callable[[str], bytes]
) -> None:
    text = f'accountid,name,description\n{A1},"Müller, ""Söhne""","one\ntwo"\n\n,,\n{A2},Zwei,\n'
    report = await import_crm(sqlite, write(accounts=encode(text)), now=NOW)
    assert report.created == {"account": 2}
    row = await sqlite.read(read_row, "account", A1)
    assert row
    assert row.name == 'Müller, "Söhne"'
    assert row.text("description").split() == ["one", "two"]


@pytest.mark.parametrize(
    "text",
    [
        f"accountid,name,\n{A1},Contoso,\n{A2},Two,\n",
        f"accountid,name,,, \n{A1},Contoso,,,\n{A2},Two\n",
        f"accountid,name\n{A1},Contoso,,\n{A2},Two, \n",
        f",accountid,,name,\n,{A1},,Contoso,\n,{A2},, Two,\n",
    ],
)
async def test_a_column_without_heading_and_values_is_passed_over(
    sqlite: Database, write: Write, text: str
) -> None:
    report = await import_crm(sqlite, write(accounts=text), now=NOW)
    assert report.created == {"account": 2}
    row = await sqlite.read(read_row, "account", A1)
    assert row
    assert row.name == "Contoso"


def test_what_is_no_csv_file_is_listed(write: Write) -> None:
    folder = write(accounts="accountid,name\n", metadata=[])
    (folder / "CONTACTS.CSV").write_text("")
    assert list_skipped(folder) == []
    for name in ("notes.txt", "accounts.xlsx", "odd\nname\x1b[31m", "Überblick.txt"):
        (folder / name).write_text("")
    (folder / "more").mkdir()
    other = "its name does not end in .csv, nor is it metadata.json"
    assert list_skipped(folder) == [
        f"skipped accounts.xlsx: {other}",
        "skipped more: it is a folder, and folders in the folder are not read",
        f"skipped notes.txt: {other}",
        f"skipped odd�name�[31m: {other}",
        f"skipped Überblick.txt: {other}",
    ]
    for number in range(30):
        (folder / f"{number}.txt").write_text("")
    lines = list_skipped(folder)
    assert (len(lines), lines[-1]) == (21, "skipped 15 others")
    assert list_skipped(folder / "nowhere") == []


async def test_values_become_what_their_columns_hold(database: Database, write: Write) -> None:
    folder = write(
        accounts="accountid,name,revenue,numberofemployees,followemail,createdon,industrycode,statecode,new_code,"
        f"primarycontactidname,revenue_base\n{A1},Contoso,1234.50,12,No,2024-05-01T08:00:00+02:00,6,Inactive,"
        "x y,"
        "Ana,1\n",
        opportunities=f"opportunityid,name,estimatedclosedate,opportunityratingcode\n{uid('o')},Deal,2026-04-01,hot\n",
        systemusers="systemuserid,firstname,lastname,isdisabled\nu1,Ann,Beebe,TRUE\n",
    )
    await import_crm(database, folder, now=NOW)
    account = await database.read(read_row, "account", A1)
    deal = await database.read(read_row, "opportunity", uid("o"))
    user = await database.read(read_row, "systemuser", "u1")
    assert account
    assert deal
    assert user
    assert (
        account.attributes
        | {
            "revenue": 1234.5,
            "numberofemployees": 12,
            "followemail": False,
            "industrycode": 6,
            "new_code": "x y",
        }
        == account.attributes
    )
    assert (account.created_at, account.state) == (datetime(2024, 5, 1, 6, tzinfo=UTC), 1)
    assert (deal.attributes["estimatedclosedate"], deal.attributes["opportunityratingcode"]) == (
        "2026-04-01",
        1,
    )
    assert (user.name, user.state) == ("Ann Beebe", 1)


async def test_blanks_around_an_address_are_none_of_it(database: Database, write: Write) -> None:
    people = "ann,Ann, ann@ours.example \nbea,Bea,<bea@ours.example>\n"
    folder = write(systemusers=f"systemuserid,fullname,internalemailaddress\n{people}")
    await import_crm(database, folder, now=NOW)
    crm = EmbeddedCrm(database, now=lambda: NOW)
    found = await crm.user("ann@ours.example")
    assert found is not None
    assert (found.id, found.email) == ("ann", "ann@ours.example")
    assert await crm.user("bea@ours.example") is None, "brackets are written around addresses, never stored"


async def test_files_refer_to_each_other_and_to_what_is_there(database: Database, write: Write) -> None:
    await import_crm(database, write(accounts=f"accountid,name\n{A1},Contoso\n"), now=NOW)
    folder = write(
        contacts=f"contactid,fullname,parentcustomerid,ownerid\n{C1},Ana,{A1},u1\n",  # no type: found anyway
        accounts=f"accountid,name,primarycontactid,parentaccountid\n{A2},Two,{C1},{A1}\n",
        systemusers="systemuserid,fullname\nu1,Ann\n",
        phonecalls=f"activityid,subject,regardingobjectid,actualend\np1,Call,{C1},2026-02-01\n",
    )
    await import_crm(database, folder, now=NOW)
    assert await database.read(lambda c: c.execute(select(timeline.c.target_id)).scalars().all()) == [C1]


async def test_importing_again_updates_by_id_and_the_same_changes_nothing(
    database: Database, write: Write
) -> None:
    first = write(
        accounts=f"accountid,name,telephone1,emailaddress1\n{A1},Contoso,1,a@x.example\n{A2},Two,2,\n"
    )
    await import_crm(database, first, now=NOW)
    later = NOW + timedelta(days=1)
    assert (await import_crm(database, first, now=later)).unchanged == {"account": 2}
    second = write(accounts=f"accountid,name,emailaddress1\n{A1},Contoso Ltd,b@x.example\n{A2},Two,\n")
    report = await import_crm(database, second, now=later)
    assert (report.updated, report.unchanged) == ({"account": 1}, {"account": 1})
    row = await database.read(read_row, "account", A1)
    assert row
    assert (row.name, row.text("telephone1"), row.created_at, row.modified_at) == (
        "Contoso Ltd",
        "1",
        NOW,
        later,
    )
    keys = await database.read(lambda c: c.execute(select(addresses.c.address_key)).scalars().all())
    assert keys == ["b@x.example"]
    cleared = write(accounts=f"accountid,name,telephone1,emailaddress1\n{A1},Contoso Ltd,,\n")
    await import_crm(database, cleared, now=later)
    row = await database.read(read_row, "account", A1)
    assert row
    assert (row.text("telephone1"), row.text("emailaddress1")) == ("", "")


async def test_custom_tables_come_with_metadata_and_stay(database: Database, write: Write) -> None:
    folder = write(
        metadata=METADATA, new_projects=f"new_projectid,new_name,new_deadline\n{A1},Dam,2026-01-31\n"
    )
    await import_crm(database, folder, now=NOW)
    bare = write(
        metadata=[PROJECT | {"EntitySetName": "NEW_Projects"}],
        new_projects=f"new_projectid,new_name\n{A2},B\n",
    )
    await import_crm(database, bare, now=NOW)
    await import_crm(database, write(new_projects=f"new_projectid,new_name\n{C1},C\n"), now=NOW)
    crm = EmbeddedCrm(database, now=lambda: NOW)
    assert [table.name for table in await crm.tables()][5:] == ["new_project"]
    assert await count(database, "new_project") == 3


async def test_the_organisation_keeps_its_id_and_defaults_make_room(database: Database, write: Write) -> None:
    crm = EmbeddedCrm(database, now=lambda: NOW)
    await crm.start()
    organization_id = await crm.organization_id()
    folder = write(
        organizations=f"organizationid,name,maxuploadfilesize\n{uid('org')},Ours,99\n",
        businessunits=f"businessunitid,name,organizationid\n{uid('bu')},Ours,{uid('org')}\n",
        roles=f"roleid,name\n{uid('r')},system administrator\n",
        systemusers="systemuserid,fullname\nu1,Ann\n",
        systemuserroles=f"systemuserid,roleid\nu1,{uid('r')}\n",
    )
    for _ in range(2):
        await import_crm(database, folder, now=NOW)
    assert await crm.organization_id() == organization_id
    organization = await database.read(read_row, "organization", organization_id)
    assert organization
    assert (organization.name, organization.attributes["maxuploadfilesize"]) == ("Ours", 99)
    assert (await count(database, "organization"), await count(database, "businessunit")) == (1, 1)
    named = select(rows.c.id).where(
        rows.c.table_name == "role", func.lower(rows.c.name) == "system administrator"
    )
    assert await database.read(lambda c: c.execute(named).scalars().all()) == [uid("r")]
    assert await count(database, "systemuserroles") == 1


async def test_attachments_keep_their_bytes(database: Database, write: Write) -> None:
    folder = write(
        emails="activityid,subject,messageid\ne1,,<m@x>\n",
        activitymimeattachments="activitymimeattachmentid,filename,activityid,body\nf1,a.txt,e1,aGVs\nf2,b.txt,e1,\n",
    )
    await import_crm(database, folder, now=NOW)
    stored = await database.read(lambda c: c.execute(select(contents)).all())
    assert [tuple(row) for row in stored] == [("f1", b"hel")]
    files = await EmbeddedCrm(database, now=lambda: NOW).attachments(ADMIN, "e1")
    assert [(file.name, file.size) for file in files] == [("a.txt", 3), ("b.txt", 0)]


# --- what is refused ------------------------------------------------------------------------------

REFUSED = {
    "no id": (f"accountid,name\n,Contoso\n{A1},B\n", "accounts.csv:2: accountid: the id is missing"),
    "long id": (
        f"accountid,name\n{'x' * 65},A\n",
        "accounts.csv:2: accountid: the id is longer than 64 characters",
    ),
    "odd id": (
        'accountid,name\n"a\nb",A\n',
        "accounts.csv:2: accountid: the id has a character that ids can't have",
    ),
    "no name": (f"accountid,name\n{A1},  \n", "accounts.csv:2: name: the name is missing"),
    "twice": (
        f'accountid,name\n{A1},"A\nB"\n{A1.upper()},C\n',
        "accounts.csv:4: accountid: the id is also in accounts.csv:2",
    ),
    "not a number": (
        f"accountid,name,revenue\n{A1},A,12x\n",
        "accounts.csv:2: revenue: “12x” is not a number: write digits with a point, like 1234.50",
    ),
    "not finite": (
        f"accountid,name,revenue\n{A1},A,NaN\n",
        "accounts.csv:2: revenue: “NaN” is not a number: write digits with a point, like 1234.50",
    ),
    "not whole": (
        f"accountid,name,numberofemployees\n{A1},A,1.5\n",
        "accounts.csv:2: numberofemployees: “1.5” is not a whole number",
    ),
    "not a boolean": (
        f"accountid,name,followemail\n{A1},A,maybe\n",
        "accounts.csv:2: followemail: “maybe” is neither true nor false",
    ),
    "not a time": (
        f"accountid,name,createdon\n{A1},A,01/02/2026\n",
        "accounts.csv:2: createdon: “01/02/2026” is not a time: write 2026-03-01T12:30:00Z",
    ),
    "not an option": (
        f"accountid,name,statecode\n{A1},A,7\n",
        "accounts.csv:2: statecode: 7 is not one of the options 0 Active, 1 Inactive",
    ),
    "no such row": (
        f'accountid,name,primarycontactid\n{A1},"A\nB",\n{A2},B,{C1}\n',
        "accounts.csv:4: primarycontactid: no contact has this id, neither in the import nor in the CRM",
    ),
    "wrong type of owner": (
        f"accountid,name,ownerid,owneridtype\n{A1},A,{A1},account\n",
        "accounts.csv:2: owneridtype: “account” is not one of systemuser, team",
    ),
    "unknown column": (
        f"accountid,name,telefone1\n{A1},A,1\n",
        "accounts.csv:1: telefone1: accounts has no such column, did you mean telephone1?",
    ),
    "column twice": (
        f"accountid,name,Name\n{A1},A,B\n",
        "accounts.csv:1: name: the column is there more than once",
    ),
    "no heading over a value": (
        f"accountid,name,\n{A1},A,\n{A2},B,7\n{C1},C,8\n",
        "accounts.csv:1: heading 3: the heading is empty, but line 3 has a value under it: name the column",
    ),
    "no heading in the middle": (
        f"accountid,,name\n{A1},7,A\n",
        "accounts.csv:1: heading 2: the heading is empty, but line 2 has a value under it: name the column",
    ),
    "too few cells under empty headings": (
        f"accountid,,name\n{A1}\n",
        "accounts.csv:2: cell 2: the row has 1 cells, the header 3",
    ),
    "no id column": ("name\nA\n", "accounts.csv:1: accountid: this required column is missing"),
    "too many cells": (
        f"accountid,name\n{A1},A,B\n",
        "accounts.csv:2: cell 3: the row has 3 cells, the header 2",
    ),
    "too few cells": (f"accountid,name\n{A1}\n", "accounts.csv:2: name: the row has 1 cells, the header 2"),
    "empty": ("", "accounts.csv:1: the first line must name the columns"),
    "semicolons": (
        f"accountid;name\n{A1};A\n",
        "accounts.csv:1: cells are separated by semicolons: use commas",
    ),
    "open quote": (f'accountid,name\n{A1},"A\n', "accounts.csv:2: this is not CSV (unexpected end of data)"),
    "nul": (f"accountid,name\n{A1},a\0b\n", "accounts.csv:2: name: the cell has a NUL character"),
    "latin 1": (
        f"accountid,name\n{A1},A\n{A2},Müller\n".encode("latin-1"),
        "accounts.csv:3: the line is not UTF-8: save the file as UTF-8",
    ),
    "utf 16": ("accountid,name\n".encode("utf-16"), "accounts.csv:1: the file is UTF-16: save it as UTF-8"),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_a_mistake_is_named_and_nothing_is_imported(sqlite: Database, write: Write, case: str) -> None:
    content, expected = REFUSED[case]
    folder = write(accounts=content, leads=f"leadid,fullname\n{uid('l')},Lea\n")
    assert await faults(sqlite, folder) == [expected]


async def test_all_mistakes_of_all_files_are_listed_in_order(database: Database, write: Write) -> None:
    folder = write(
        acounts="accountid,name\n",
        contacts=f"contactid,fullname,birthdate,parentcustomerid\n{C1},Ana,soon,{A1}\n{uid('c2')},,2000-01-01,{A2}\n",
        emails="activityid,subject,messageid\ne1,A,<same@x>\ne2,B,<same@x>\n",
        tasks="activityid,subject,regardingobjectid,regardingobjecttypecode\ne1,T,,\nt2,T,x,112\nt3,T,x,nonsense\n",
        metadata="{]",
    )
    found = await faults(database, folder)
    assert found[0] == "acounts.csv:1: no table has this name, did you mean accounts.csv?"
    assert [line.rsplit(": ", 1)[0].split(": ")[0] for line in found] == [
        "acounts.csv:1",
        "contacts.csv:2",
        "contacts.csv:3",
        "emails.csv:3",
        "metadata.json:1",
        "tasks.csv:2",
        "tasks.csv:3",
        "tasks.csv:4",
    ]
    assert "“soon” is not a date" in found[1]
    assert found[3] == "emails.csv:3: messageid: the email in emails.csv:2 has the same Message-ID"
    assert found[5] == "tasks.csv:2: activityid: the id is also in emails.csv:2"
    assert found[6].startswith("tasks.csv:3: regardingobjectid: no incident has this id")


async def test_an_ambiguous_or_taken_id_is_refused(database: Database, write: Write) -> None:
    await import_crm(
        database,
        write(
            accounts="accountid,name\n1,A\n",
            contacts="contactid,fullname\n1,B\n",
            emails="activityid,subject,messageid\n1,E,<m@x>\n",
        ),
        now=NOW,
    )
    folder = write(
        opportunities="opportunityid,name,customerid\n1,Deal,1\n",
        tasks="activityid,subject\n1,T\n",
        emails="activityid,subject,messageid\n2,E,<m@x>\n",
    )
    assert await faults(database, folder) == [
        "emails.csv:2: messageid: the email 1 of the CRM has the same Message-ID",
        "opportunities.csv:2: customerid: rows of account and contact have this id: "
        "say which in customeridtype",
        "tasks.csv:2: activityid: a row of email in the CRM has this id",
    ]


async def test_too_many_mistakes_stop_at_a_hundred(sqlite: Database, write: Write) -> None:
    folder = write(accounts="accountid,name\n" + ",x\n" * 500)
    assert len(await faults(sqlite, folder)) == 100


async def test_links_of_the_folder_are_mistakes_and_not_followed(
    sqlite: Database, write: Write, tmp_path: Path
) -> None:
    folder = write(accounts=f"accountid,name\n{A1},Fabrikam\n")
    outside = tmp_path / "outside"
    outside.write_text(f"contactid,lastname\n{C1},secret\n")
    (folder / "contacts.csv").symlink_to(outside)
    (folder / "leads.csv").symlink_to("accounts.csv")
    (folder / "tasks.csv").symlink_to(tmp_path / "nowhere")
    (folder / "metadata.json").symlink_to(outside)
    os.mkfifo(folder / "phonecalls.csv")
    link = "it is a link, and links in a folder are not followed; import what it points to by itself"
    with pytest.raises(ImportFailed) as failed:
        await import_crm(sqlite, folder, now=NOW)
    assert {fault.file: fault.reason for fault in failed.value.faults} == {
        **dict.fromkeys(("contacts.csv", "leads.csv", "tasks.csv", "metadata.json"), link),
        "phonecalls.csv": "it is no file but a pipe, a socket or a device",
    }
    for name in ("contacts.csv", "leads.csv", "tasks.csv", "metadata.json", "phonecalls.csv"):
        (folder / name).unlink()
    (tmp_path / "link").symlink_to(folder)
    await import_crm(sqlite, tmp_path / "link", now=NOW)


async def test_a_folder_without_files_is_not_found(sqlite: Database, write: Write, tmp_path: Path) -> None:
    for folder in (write(), tmp_path / "missing"):
        with pytest.raises(NotFound):
            await import_crm(sqlite, folder, now=NOW)


@pytest.mark.parametrize(
    "change",
    [
        {"LogicalName": ""},
        {"LogicalName": "no good"},
        {"Attributes": {}},
        {"Attributes": [{}]},
        {"Attributes": [{"LogicalName": "x", "AttributeType": "Lookup"}]},
    ],
)
async def test_metadata_that_describes_no_table_is_refused(
    sqlite: Database, write: Write, change: dict[str, object]
) -> None:
    folder = write(metadata={"value": [PROJECT | change]}, accounts="accountid,name\n1,A\n")
    assert (await faults(sqlite, folder))[0].startswith("metadata.json:1: ")
    with pytest.raises(Invalid):
        await import_rows(sqlite, {}, now=NOW, metadata={"value": [PROJECT | change]})


async def test_rows_from_code_pass_the_same_checks(sqlite: Database) -> None:
    with pytest.raises(ImportFailed) as failed:
        await import_rows(sqlite, {"accounts": [{"accountid": A1, "name": None, "zzz": "1"}]}, now=NOW)
    assert sorted(map(str, failed.value.faults)) == [
        "accounts:1: name: the name is missing",
        "accounts:1: zzz: accounts has no such column",
    ]
    with pytest.raises(Invalid):
        await import_rows(sqlite, {"nonsense": []}, now=NOW)
    assert (await import_rows(sqlite, {"accounts": iter([{"accountid": A1, "name": "A"}])}, now=NOW)).created


CELLS = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(
    [
        A1,
        "1",
        "account",
        "contact",
        "2026-01-01",
        "1e400",
        "-0",
        "9" * 400,
        "9999-12-31T23:59:59-14:00",
        "0001-01-01",
    ]
)
COLUMNS = [
    "accountid",
    "name",
    "revenue",
    "createdon",
    "statecode",
    "ownerid",
    "owneridtype",
    "emailaddress1",
    "parentaccountid",
    "followemail",
    "new_x",
    "numberofemployees",
    "industrycode",
    "modifiedon",
]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(table=st.lists(st.lists(CELLS, min_size=len(COLUMNS), max_size=len(COLUMNS)), max_size=4))
async def test_any_cells_are_imported_or_reported(
    sqlite: Database, write: Write, table: list[list[str]]
) -> None:
    lines = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in table]
    folder = write(accounts="\r\n".join([",".join(COLUMNS), *lines]))
    try:
        report = await import_crm(sqlite, folder, now=NOW)
    except ImportFailed as failed:
        assert failed.faults
    else:
        done = sum(sum(counts.values()) for counts in (report.created, report.updated, report.unchanged))
        assert done == len([row for row in table if any(cell.strip() for cell in row)])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200) | st.text(st.sampled_from('accountid,name\n\r"\0é1;'), max_size=60))
async def test_any_file_is_imported_or_reported(sqlite: Database, write: Write, content: bytes | str) -> None:
    folder = write(accounts=content, contacts=content)
    try:
        await import_crm(sqlite, folder, now=NOW)
    except ImportFailed as failed:
        assert all(fault.line >= 1 and fault.reason for fault in failed.faults)


async def test_progress_grows_to_the_end(sqlite: Database, write: Write) -> None:
    told: list[tuple[int, int]] = []
    lines = "".join(f"id{n},Name {n}\n" for n in range(2000))
    await import_crm(
        sqlite,
        write(accounts="accountid,name\n" + lines),
        now=NOW,
        progress=lambda done, total: told.append((done, total)),
    )
    shares = [done / total for done, total in told]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert len(shares) > 10
