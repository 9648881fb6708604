"""`liaison doctor` and `liaison grants script`: nothing changes or breaks, exit codes tell the rest."""

import hashlib
import json
import os
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

import cli
from tests.flows.liaison import COMPANY, Liaison

SHAPE = {"requirement", "state", "cause", "action", "link"}
ENTRA = {
    "LIAISON_ENTRA_CLIENT_ID": "1fcd2a44-6a2c-4bd0-8b1e-3c1b3a6f9d10",
    "LIAISON_ENTRA_TENANTS": "72f988bf-86f1-41af-91ab-2d7cd011db47",
    "LIAISON_ENTRA_SECRET": "secret of the registration",
}
Run = Callable[..., tuple[str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command in this process: (standard output, standard error)."""
    for name in [name for name in os.environ if name.startswith(("LIAISON_", "Microsoft"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("LIAISON_DATA_DIR", str(tmp_path / "var"))

    def execute(*words: str, code: int = 0, env: Mapping[str, str] | None = None) -> tuple[str, str]:
        with monkeypatch.context() as patch:
            patch.setattr("sys.excepthook", None)
            for name, value in (env or {}).items():
                patch.setenv(name, value)
            ended = cli.main(words)
        out, err = capsys.readouterr()
        assert ended == code, err
        return out, err

    return execute


@pytest.fixture
def doctor(run: Run) -> Callable[..., dict[str, Any]]:
    """The findings of `doctor --json` by requirement."""

    def examine(*words: str, code: int = 1, env: Mapping[str, str] | None = None) -> dict[str, Any]:
        out, err = run("doctor", "--json", *words, code=code, env=env)
        assert "Traceback" not in err
        items = json.loads(out)
        assert all(set(item) == SHAPE and item["link"] for item in items)
        assert bool([item for item in items if item["state"] == "not met"]) == (code == 1)
        found = {item["requirement"]: item for item in items}
        assert len(found) == len(items)
        return found

    return examine


def contents(folder: Path) -> dict[str, str]:
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_nothing_there_is_a_finding_and_stays_so(doctor: Callable[..., Any], tmp_path: Path) -> None:
    found = doctor()
    assert found["Database reachable, at this version's schema"]["state"] == "not met"
    assert found["CRM reachable"]["cause"] == "there is no crm.sqlite in the data directory yet"
    assert list(tmp_path.iterdir()) == []


def test_an_installation_is_looked_at_and_left_alone(
    doctor: Callable[..., Any], run: Run, tmp_path: Path
) -> None:
    installation = Liaison(tmp_path)
    installation.import_crm(COMPANY)
    before = contents(tmp_path / "var")
    found = doctor("--user", "ann@ours.example")
    for name in (
        "CRM online, not on-premises",
        "Exchange Online, not on-premises",
        "Background jobs get done",
    ):
        assert found[name] == found[name] | {"state": "met", "cause": "", "action": ""}
    assert found["Mailboxes approved, tested and enabled"]["state"] == "met"
    assert found["Public address with https"]["state"] == "not met"
    assert doctor()["Mailboxes approved, tested and enabled"]["state"] == "unknown"
    table, _ = run("doctor", code=1)
    assert "LIAISON_PUBLIC_URL is not set" in table
    assert "Traceback" not in table
    _, err = run("doctor", "--user", "nobody@ours.example", code=1)
    assert err.startswith("error: No enabled user is called that · ")
    assert contents(tmp_path / "var") == before


def test_a_schema_of_another_version_is_told_and_not_upgraded(
    doctor: Callable[..., Any], run: Run, tmp_path: Path
) -> None:
    import sqlite3

    run("db", "upgrade")
    path = tmp_path / "var" / "liaison.sqlite"
    with sqlite3.connect(path) as database:
        database.execute("UPDATE alembic_version SET version_num = '0001'")
    database.close()
    found = doctor()["Database reachable, at this version's schema"]
    assert (found["state"], found["cause"]) == ("not met", "liaison is not at the schema of this version")
    with sqlite3.connect(path) as database:
        assert database.execute("SELECT version_num FROM alembic_version").fetchall() == [("0001",)]
    database.close()


def test_a_database_server_that_is_down_tells_no_password(doctor: Callable[..., Any], run: Run) -> None:
    url = "postgresql+asyncpg://liaison:hunter2@127.0.0.1:1/liaison"
    found = doctor(env={"LIAISON_DATABASE_URL": url})
    assert found["Database reachable, at this version's schema"]["state"] == "not met"
    assert "hunter2" not in json.dumps(found)


def test_services_that_are_down_are_findings(doctor: Callable[..., Any], run: Run) -> None:
    run("db", "upgrade")
    with socket.socket() as taken:  # bound, but nobody listens
        taken.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{taken.getsockname()[1]}"
        services = {"LIAISON_CRM": "dataverse", "LIAISON_MAIL": "graph", "LIAISON_DATAVERSE_URL": nowhere}
        more = {"LIAISON_GRAPH_URL": nowhere, "LIAISON_ENTRA_AUTHORITY": nowhere}
        found = doctor(env=ENTRA | services | more)
    assert found["Database reachable, at this version's schema"]["state"] == "met"
    assert found["CRM reachable"]["state"] == "not met"
    assert found["Delegated permission Mail.Read granted"]["state"] == "unknown"
    assert "secret of" not in json.dumps(found)


def test_the_script_follows_what_is_turned_on(run: Run) -> None:
    _, err = run("grants", "script", "--mailboxes", "Sales", code=1, env=ENTRA)
    assert err.startswith("error: Which features are turned on cannot be read · ")
    run("db", "upgrade")
    _, err = run("grants", "script", "--mailboxes", "Sales", code=1, env=ENTRA)
    assert err.startswith("error: There is nothing to assign · ")
    named = ("--feature", "relationship_analytics", "--feature", "auto_capture")
    out, _ = run("grants", "script", "--mailboxes", "Sales", *named, env=ENTRA)
    assert "'Application Mail.ReadBasic'" in out
    assert "Get-Group -Identity 'Sales'" in out
    out, _ = run("grants", "script", "--remove", env=ENTRA)
    assert "Remove-ServicePrincipal" in out
    _, err = run("grants", "script", "--remove", code=1)
    assert err.startswith("error: There is no application to give roles to · ")
    _, err = run("grants", "script", *named, code=1, env=ENTRA)
    assert err.startswith("error: This is no name of a group · ")


async def test_beside_a_server_it_says_what_the_server_says(tmp_path: Path) -> None:
    installation = Liaison(tmp_path)
    installation.import_crm(COMPANY)
    async with installation:
        await installation.turn_on("auto_capture")
        by_http = (await installation.get("root", "/api/v1/admin/requirements"))["items"]
        by_command = json.loads(installation.command("doctor", "--json", code=1))
        assert by_command == by_http
        me = await installation.get("ann", "/api/v1/me")
        assert me["features"]["auto_capture"]["state"] == "on"
