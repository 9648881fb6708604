"""The command line: exit codes, one line per failure, nothing but the data directory needed."""

import asyncio
import json
import os
import re
import signal
import socket
import sqlite3
import stat
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

import cli
from connectors.entra.vault import Vault
from insights.database import Database
from insights.migrate import REVISIONS, upgrade
from tests.calendars import MadeMeeting, MadeTask, write_ics
from tests.flows.liaison import COMPANY, Liaison, letter

APP_ID = "1fcd2a44-6a2c-4bd0-8b1e-3c1b3a6f9d11"
FAILURE = re.compile(r"error: [^·\n]+( · [^·\n]+)*\n")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> "Run":
    """Runs commands in this process, on a data directory of their own."""
    return Run(tmp_path, monkeypatch, capsys)


class Run:
    """`run("token", "ann", code=1)` gives (standard output, standard error)."""

    def __init__(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self._capsys, self._monkeypatch, self.data = capsys, monkeypatch, tmp_path / "var"
        for name in [name for name in os.environ if name.startswith("LIAISON_")]:
            monkeypatch.delenv(name)
        monkeypatch.setenv("LIAISON_DATA_DIR", str(self.data))

    def __call__(self, *words: str, code: int = 0, env: Mapping[str, str] | None = None) -> tuple[str, str]:
        with self._monkeypatch.context() as patch:
            patch.setattr("sys.excepthook", None)
            for name, value in (env or {}).items():
                patch.setenv(name, value)
            try:
                ended = cli.main(words)
            except SystemExit as end:
                ended = int(str(end.code))
        out, err = self._capsys.readouterr()
        assert ended == code, err
        return out, err


def write_csv(folder: Path, name: str, text: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.csv").write_text(text, "utf-8")


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["nonsense"],
        ["import"],
        ["import", "mail", "x"],
        ["import", "calendar", "x"],
        ["serve", "--port", "99999"],
        ["token", "ann", "--hours", "0"],
        ["token", "ann", "--hours", "nan"],
        ["jobs", "run-due", "--now", "soon"],
    ],
)
def test_wrong_usage_is_2(run: Run, words: list[str]) -> None:
    out, err = run(*words, code=2)
    assert (out, err.splitlines()[0][:6]) == ("", "usage:")
    assert not run.data.exists()


@pytest.mark.parametrize(
    ("env", "lines"),
    [
        ({"LIAISON_PUBLIC_URL": "liaison.example"}, 1),
        ({"LIAISON_PUBLIC_URL": "http://liaison.example"}, 1),
        ({"MicrosoftAppId": APP_ID, "LIAISON_ENTRA_TENANTS": ""}, 1),
        ({"MicrosoftAppId": APP_ID, "MicrosoftAppTenantId": "ours.example", "LIAISON_ENTRA_TENANTS": ""}, 1),
        ({"LIAISON_CRM": "sap", "LIAISON_TRUSTED_PROXIES": "10.0.0.0/99"}, 2),
        ({"LIAISON_SECRET_KEYS": "short", "LIAISON_DATABASE_URL": "mysql://x", "LIAISON_LOG_LEVEL": "?"}, 3),
    ],
)
def test_wrong_settings_stop_the_start_one_line_each(run: Run, env: dict[str, str], lines: int) -> None:
    out, err = run("serve", code=1, env=env)
    assert out == ""
    assert re.fullmatch(FAILURE.pattern * lines, err), err
    for name in env:
        assert name in err


def test_a_token_needs_only_the_data_directory(run: Run, tmp_path: Path) -> None:
    _, err = run("token", "ann", code=1)
    assert FAILURE.fullmatch(err)
    assert not run.data.exists(), "a mistyped directory does not become an installation"
    for name, rows in COMPANY.items():
        columns = list(dict.fromkeys(column for row in rows for column in row))
        table = [columns, *([row.get(column, "") for column in columns] for row in rows)]
        write_csv(tmp_path / "crm", name, "\n".join(",".join(cells) for cells in table))
    out, _ = run("import", "crm", str(tmp_path / "crm"), "--json")
    assert {"kind": "contact", "created": 1, "updated": 0, "unchanged": 0} in json.loads(out)
    for user in ("ann", "ANN@ours.example"):
        token, err = run("token", user, "--hours", "0.5")
        assert (token.count("."), token.count("\n"), err) == (2, 1, "")
    key = run.data / "keys" / "signing.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert key.read_text() not in token


def test_bad_rows_are_named_and_nothing_is_imported(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "crm"
    write_csv(folder, "accounts", "accountid,name,nonsense\na1,Fabrikam,x\n")
    write_csv(folder, "contacts", "contactid,fullname,birthdate\nc1,Ana,yesterday\n")
    out, err = run("import", "crm", str(folder), code=1)
    *rows, last = err.splitlines()
    assert out == ""
    assert len(rows) >= 2
    assert all(re.match(r"\w+\.csv:\d+: \w+: .", row) for row in rows), err
    assert last.startswith("error: Nothing was imported · ")
    with sqlite3.connect(run.data / "crm.sqlite") as database:
        assert database.execute("SELECT count(*) FROM rows WHERE table_name = 'account'").fetchone() == (0,)
    database.close()
    (folder / "accounts.csv").write_text("accountid,name\na1,Fabrikam\n")
    (folder / "contacts.csv").unlink()
    assert run("import", "crm", str(folder))[0] == "account: 1 created, 0 updated, 0 unchanged\n"


def test_what_is_passed_over_in_a_folder_is_told(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "crm"
    write_csv(folder, "accounts", "accountid,name,\na1,Fabrikam,\n")
    (folder / "notes.txt").write_text("accountid,name\na2,Contoria\n")
    told = "skipped notes.txt: its name does not end in .csv, nor is it metadata.json\n"
    out, err = run("import", "crm", str(folder))
    assert (out, err) == ("account: 1 created, 0 updated, 0 unchanged\n", told)
    (folder / "accounts.csv").unlink()
    _, err = run("import", "crm", str(folder), code=1)
    assert err.startswith(f"{told}error: There are no CSV files in ")


def test_mail_is_imported_once(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.eml").write_bytes(letter(number).as_bytes())
    command = ("import", "mail", str(folder), "--mailbox", "ann@ours.example", "--json")
    counts = [{row["kind"]: row["count"] for row in json.loads(run(*command)[0])} for _ in range(2)]
    assert counts == [
        {"imported": 3, "already there": 0, "skipped": 0},
        {"imported": 0, "already there": 3, "skipped": 0},
    ]
    (folder / "Drafts").write_bytes(b"From - Mon Nov  2 09:30:00 2026\n" + letter(4).as_bytes())
    (folder / "notes.txt").write_text("These are my notes.")
    *_, skipped = json.loads(run(*command)[0])
    assert skipped == {
        "kind": "skipped",
        "count": 2,
        "reasons": {"it is a draft": ["Drafts"], "it does not look like a mail": ["notes.txt"]},
    }
    told, named = run(*command[:-1])
    assert told.splitlines()[2:] == [
        "skipped: 2",
        "skipped, it is a draft: 1",
        "skipped, it does not look like a mail: 1",
    ]
    assert [line for line in named.splitlines() if line.startswith("skipped")] == [
        "skipped notes.txt: it does not look like a mail"
    ]
    assert FAILURE.fullmatch(
        run("import", "mail", str(tmp_path / "no"), "--mailbox", "a@b.example", code=1)[1]
    )


def test_a_calendar_is_imported_once(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "calendar.ics"
    weekly = MadeMeeting("Weekly", datetime(2026, 11, 2, 9), recurs="weekly")
    file.write_bytes(write_ics(weekly, MadeTask("Call Ana"), MadeTask("Write")))
    write_csv(
        tmp_path / "crm",
        "systemusers",
        "systemuserid,fullname,internalemailaddress\na,Ann,Ann@ours.example\n",
    )
    write_csv(tmp_path / "crm", "usersettings", "systemuserid,timezone\na,W. Europe Standard Time\n")
    run("import", "crm", str(tmp_path / "crm"))
    command = ("import", "calendar", str(file), "--mailbox", "ann@ours.example")
    assert run(*command) == (
        "meetings: 1 created, 0 updated, 0 unchanged\ntasks: 2 created, 0 updated, 0 unchanged\n",
        "",
    )
    assert json.loads(run(*command, "--json")[0]) == [
        {"kind": "meetings", "created": 0, "updated": 0, "unchanged": 1},
        {"kind": "tasks", "created": 0, "updated": 0, "unchanged": 2},
    ]
    _, err = run(*command[:-1], "bob@ours.example")
    assert re.fullmatch(r"warning: [^·\n]*bob@ours\.example[^·\n]*( · [^·\n]+){2}\n", err)


def test_a_calendar_that_cannot_be_read_is_told_by_line(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "calendar.ics"
    file.write_text("BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:secret\nEND:VEVENT\nEND:VCALENDAR\n")
    command = ("import", "calendar", str(file), "--mailbox", "ann@ours.example")
    out, err = run(*command, code=1)
    fault, failure = err.splitlines(keepends=True)
    assert (out, fault) == ("", "calendar.ics:2: VEVENT: DTSTART is missing\n")
    assert FAILURE.fullmatch(failure)
    assert "secret" not in err
    for path in (tmp_path, tmp_path / "no.ics"):
        assert FAILURE.fullmatch(run("import", "calendar", str(path), *command[3:], code=1)[1])
    assert FAILURE.fullmatch(run(*command[:-1], "nobody", code=1)[1])


def test_mail_for_nobody_is_imported_with_a_warning(run: Run, tmp_path: Path) -> None:
    (tmp_path / "one.eml").write_bytes(letter(1).as_bytes())
    write_csv(
        tmp_path / "crm",
        "systemusers",
        "systemuserid,fullname,internalemailaddress\na,Ann,Ann@ours.example\n",
    )
    run("import", "crm", str(tmp_path / "crm"))
    import_into = ("import", "mail", str(tmp_path / "one.eml"), "--mailbox")
    out, err = run(*import_into, "bob@ours.example")
    assert out.startswith("imported: 1\n")
    assert re.fullmatch(r"warning: [^·\n]*bob@ours\.example[^·\n]*( · [^·\n]+){2}\n", err)
    out, err = run(*import_into, "ann@OURS.example")
    assert (out.splitlines()[0], err) == ("imported: 1", "")


def test_due_work_is_counted_by_kind(run: Run) -> None:
    out, _ = run("jobs", "run-due", "--now", "2030-01-01T00:00:00+01:00")
    assert all(re.fullmatch(r"\w+: 0", line) for line in out.splitlines())
    assert {row["kind"] for row in json.loads(run("jobs", "run-due", "--json")[0])} >= {"strays", "changes"}


def test_what_is_sealed_is_sealed_with_the_newest_key(run: Run) -> None:
    old, new = "old-" * 10, "new-" * 10

    async def seal() -> None:
        database = Database("liaison", data_dir=run.data, url="")
        await upgrade(database, REVISIONS)
        vault = Vault(database, [old], lambda: datetime.now(UTC))
        assert await vault.replace("ann", b"a sign-in", was=None)
        await database.close()

    asyncio.run(seal())
    keys = {"LIAISON_SECRET_KEYS": f"{new},{old}"}
    assert run("keys", "rotate", env=keys)[0].startswith("1 sealed anew")
    assert run("keys", "rotate", env={"LIAISON_SECRET_KEYS": new})[0].startswith("0 sealed anew")


def test_databases_are_upgraded(run: Run) -> None:
    run("db", "upgrade")
    out, _ = run("db", "upgrade")
    assert "newest schema" in out
    assert {path.name for path in run.data.glob("*.sqlite")} == {
        "crm.sqlite",
        "liaison.sqlite",
        "mailbox.sqlite",
    }


def test_a_database_that_cannot_be_reached_is_told_without_its_password(run: Run) -> None:
    url = "postgresql+asyncpg://liaison:secret@127.0.0.1:1/liaison"
    _, err = run("db", "upgrade", code=1, env={"LIAISON_DATABASE_URL": url})
    assert FAILURE.fullmatch(err)
    assert "secret" not in err


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "liaison.example"])
def test_the_demo_listens_on_this_machine_only(run: Run, host: str) -> None:
    _, err = run("serve", "--demo", "--host", host, code=1)
    assert FAILURE.fullmatch(err)
    assert not run.data.exists()


def test_a_port_in_use_is_told(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        _, err = run("serve", "--port", str(taken.getsockname()[1]), code=1)
    assert FAILURE.fullmatch(err)
    assert "in use" in err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_the_server_greets_and_stops_when_told(tmp_path: Path, number: signal.Signals) -> None:
    installation = Liaison(tmp_path)
    await installation.start()
    process = installation._process
    assert process
    greeting = [line for line in installation.log.read_text().splitlines() if not line.startswith("{")]
    assert len(greeting) == 4
    assert all(installation.url in line for line in greeting)
    process.send_signal(number)
    async with asyncio.timeout(30):
        assert await process.wait() == 0
    assert "Traceback" not in installation.log.read_text()
    assert not list(installation.data.glob("*-wal")), "all that was written is in the databases"
    installation._process = None
    await installation.stop()


async def test_what_is_no_http_is_refused_as_a_problem(tmp_path: Path) -> None:
    async with Liaison(tmp_path) as installation:
        for request in (
            b"GET /?q=%s HTTP/1.1\r\nHost: x\r\n\r\n" % (b"secret" * 2000),
            b"\x16\x03 secret\r\n\r\n",
        ):
            reader, writer = await asyncio.open_connection("127.0.0.1", installation.port)
            writer.write(request)
            answer = await reader.read()
            writer.close()
            assert answer.split(b" ")[1] == b"400"
            assert b"application/problem+json" in answer
            assert b"secret" not in answer
    assert "secret" not in installation.log.read_text()
