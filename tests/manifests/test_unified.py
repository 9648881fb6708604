"""The unified manifest is accepted by Microsoft's validator and says what the product does."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from manifests.facts import Facts
from manifests.unified import MOST_COMMANDS

VALIDATOR = Path(__file__).with_name("validate.mjs")
PATH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"


def validate(manifest: Any, folder: Path) -> subprocess.CompletedProcess[str]:
    """What `@microsoft/app-manifest` makes of it, with the schema that it ships."""
    file = folder / "manifest.json"
    file.write_text(json.dumps(manifest))
    command = ["node", str(VALIDATOR), str(file)]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=60, env={**os.environ, "PATH": PATH}
    )


def test_microsofts_package_finds_nothing_wrong(unified: Any, tmp_path: Path) -> None:
    result = validate(unified, tmp_path)
    assert json.loads(result.stdout) == [], result.stderr


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        ({"id": "no-guid"}, "/id"),
        ({"accentColor": "blue"}, "/accentColor"),
        ({"name": {"short": "x" * 31}}, "/name/short"),
    ],
)
def test_the_validator_does_find_faults(
    unified: Any, tmp_path: Path, change: dict[str, Any], finding: str
) -> None:
    findings = json.loads(validate(unified | change, tmp_path).stdout)
    assert any(sentence.startswith(finding) for sentence in findings), findings


def test_the_package_holds_the_manifest_and_the_icons_it_names(package: ZipFile, unified: Any) -> None:
    assert sorted(package.namelist()) == sorted(["manifest.json", *unified["icons"].values()])


def test_outlook_gets_a_pinnable_pane_beside_an_email_being_read(unified: Any, facts: Facts) -> None:
    (extension,) = unified["extensions"]
    (ribbon,) = extension["ribbons"]
    (button,) = ribbon["tabs"][0]["groups"][0]["controls"]
    actions = {
        action["id"]: (runtime["code"]["page"], action["pinnable"])
        for runtime in extension["runtimes"]
        for action in runtime["actions"]
    }
    assert ribbon["contexts"] == ["mailRead"]
    assert actions[button["actionId"]] == (f"{facts.public_url}/addin/pane", True)


def test_it_hides_the_xml_manifest_where_both_are_there(unified: Any, xml: Any) -> None:
    hidden = [
        entry["hide"]["customOfficeAddin"]["officeAddinId"]
        for entry in unified["extensions"][0]["alternates"]
    ]
    assert hidden == [xml.findtext("{*}Id")]
    assert unified["id"] not in hidden
    assert unified["name"]["short"] != xml.find("{*}DisplayName").get("DefaultValue")


def test_the_bot_is_where_people_chat_and_suggests_its_commands(unified: Any, facts: Facts) -> None:
    (bot,) = unified["bots"]
    lists = {
        scope: [command["title"] for command in entry["commands"]]
        for entry in bot["commandLists"]
        for scope in entry["scopes"]
    }
    words = [command.word for command in facts.commands]
    assert set(bot["scopes"]) == set(lists) == {"personal", "team", "groupChat"}
    assert lists["personal"] == words[:MOST_COMMANDS]
    assert {"settings", "enable", "disable"}.isdisjoint(lists["team"])
    assert set(lists["groupChat"]) < set(words)


def test_teams_and_outlook_ask_tokens_for_this_server(unified: Any, xml: Any, facts: Facts) -> None:
    resource = f"api://liaison.contoso.example:8443/botid-{facts.sign_in_id}"
    assert unified["webApplicationInfo"] == {"id": facts.sign_in_id, "resource": resource}
    assert xml.findtext(".//{*}WebApplicationInfo/{*}Resource") == resource
    assert unified["bots"][0]["botId"] == unified["composeExtensions"][0]["botId"] == facts.app_id


def test_both_ask_to_read_the_open_email_and_no_more(unified: Any, xml: Any) -> None:
    permissions = unified["authorization"]["permissions"]["resourceSpecific"]
    names = {permission["name"] for permission in permissions}
    assert names == {"MailboxItem.Read.User", "Mailbox.SharedFolder"}
    assert xml.findtext("{*}Permissions") == "ReadItem"
