"""Every command and file of docs/deploy.md is right as far as that can be told without a tenant."""

import argparse
import configparser
import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

import app
import cli
import urls
from cli import backups, server, setup, upkeep
from insights.settings import Settings, environment_name, read_settings

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "deploy"
PAGE = (ROOT / "docs" / "deploy.md").read_text("utf-8")
CONTAINERFILE = (ROOT / "Containerfile").read_text("utf-8")
UNITS = {path.name: path.read_text("utf-8") for path in sorted(FOLDER.glob("liaison*.*"))}
COMMAND = Path(sys.executable).with_name("liaison")
NEEDED = {
    server._serve,
    backups._back_up,
    backups._restore,
    upkeep._upgrade,
    upkeep._run_due,
    setup._build_manifests,
}
"""What the page has to say how to do."""
SWITCHES = {"--append", "--is-linux", "--cert"}
"""Flags of `az` that stand without a value (`--cert` does in `list` and `delete`)."""


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


SHELL = blocks("sh")


def lines(script: str) -> list[str]:
    """Commands, continued lines joined, without the bodies of here-documents."""
    script = re.sub(r"<<END\n.*?^END$", "", script, flags=re.MULTILINE | re.DOTALL)
    return [line.strip() for line in script.replace("\\\n", " ").splitlines() if line.strip()]


def parse(arguments: str) -> argparse.Namespace:
    """What the command line makes of these words; fails where it would refuse them."""
    try:
        return cli._parser().parse_args(shlex.split(arguments))
    except SystemExit:
        raise AssertionError(f"liaison {arguments} is refused") from None


def check_shell(script: str) -> None:
    done = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), script


def test_the_page_has_what_is_checked_here() -> None:
    assert len(SHELL) >= 20
    assert len(blocks("ini")) == 1
    assert PAGE.count("```") == 2 * (len(SHELL) + 1), "every block says what it is"


@pytest.mark.parametrize("script", SHELL)
def test_shell_blocks_parse(script: str) -> None:
    check_shell(script)


def test_every_liaison_command_parses() -> None:
    pattern = r"(?:\.venv/bin/liaison|docker exec liaison liaison|python -m cli) ([^`\n;|]+)"
    found = [
        words.split('"')[0] if words.count('"') % 2 else words
        for script in SHELL
        for line in lines(script)
        for words in re.findall(pattern, line)
    ]
    done = {parse(words).run for words in found}
    assert done >= NEEDED


def test_every_variable_is_a_setting() -> None:
    texts = [PAGE, CONTAINERFILE, (ROOT / "web.config").read_text("utf-8"), *UNITS.values()]
    named = set(
        re.findall(r"\b(?:LIAISON_[A-Z_]*[A-Z]|MicrosoftApp[A-Z]\w+|BotOpenId\w+)\b", "\n".join(texts))
    )
    assert len(named) > 10
    assert named <= {environment_name(name) for name in Settings.model_fields}


def test_the_settings_of_a_tenant_are_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    [block] = blocks("ini")
    for name in Settings.model_fields:
        monkeypatch.delenv(environment_name(name), raising=False)
    for line in block.splitlines():
        name, _, value = line.partition("=")
        monkeypatch.setenv(name, value)
    settings = read_settings()
    assert (settings.crm, settings.mail, settings.microsoft_app_type) == (
        "dataverse",
        "graph",
        "SingleTenant",
    )
    assert settings.entra_client_id == settings.microsoft_app_id, "one registration serves both"


def test_az_commands_are_well_formed() -> None:
    """Words, then flags with values; which flags a command knows, only the Azure CLI can tell."""
    found = [
        shlex.split(words)
        for script in SHELL
        for line in lines(script)
        for words in re.findall(r"(?:^|\$\()(az [^()]*(?:\([^()]*\)[^()]*)*)", line)
    ]
    assert len(found) >= 20
    for words in found:
        first = next(at for at, word in enumerate(words) if word.startswith("-"))
        assert all(re.fullmatch(r"[a-z][a-z0-9-]*", word) for word in words[:first]), words
        flags = [word for word in words if word.startswith("-")]
        assert all(re.fullmatch(r"--[a-z][a-z0-9-]+", flag) for flag in flags), words
        assert len(set(flags)) == len(flags), words
        for at, word in enumerate(words):
            has_value = at + 1 < len(words) and not words[at + 1].startswith("--")
            assert not word.startswith("--") or has_value or word in SWITCHES, words


def test_what_is_sent_to_graph_is_json() -> None:
    bodies = [body for script in SHELL for body in re.findall(r"<<END\n(.*?)^END$", script, re.M | re.S)]
    scope, callers = (json.loads(re.sub(r"\$[A-Z_]+", "x", body)) for body in bodies)
    [published] = scope["api"]["oauth2PermissionScopes"]
    assert published["value"] == "access_as_user"
    assert "brk-multihub://x" in scope["spa"]["redirectUris"]
    for uri in scope["spa"]["redirectUris"][1:]:
        assert uri.removeprefix("https://x") in {route.path for route in urls.ROUTES}
    asked = {
        scope
        for caller in callers["api"]["preAuthorizedApplications"]
        for scope in caller["delegatedPermissionIds"]
    }
    assert asked == {published["id"]}


def test_links_within_the_page_and_named_files_exist() -> None:
    headings = {
        re.sub(r"[^\w-]", "", heading.lower().replace(" ", "-"))
        for heading in re.findall(r"^#+ (.+)$", PAGE, re.MULTILINE)
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", PAGE)) <= headings
    for name in re.findall(r"docs/deploy/[\w.-]+\w", PAGE):
        assert (ROOT / name).is_file(), name
    for path in FOLDER.iterdir():
        assert path.name in PAGE, f"{path.name} is not told of"


def test_units_are_valid(tmp_path: Path) -> None:
    """systemd itself says so where there is one; the program they start is at another place here."""
    paths = []
    for name, text in UNITS.items():
        paths.append(tmp_path / name)
        paths[-1].write_text(text.replace("/opt/liaison/.venv/bin/liaison", str(COMMAND)), "utf-8")
    if analyze := shutil.which("systemd-analyze"):
        done = subprocess.run(
            [analyze, "verify", *map(str, paths)], capture_output=True, text=True, check=False
        )
        complaints = [line for line in done.stderr.splitlines() if str(tmp_path) in line or "liaison" in line]
        assert (done.returncode, complaints) == (0, [])
    for text in UNITS.values():
        unit = configparser.ConfigParser(strict=False, interpolation=None, delimiters=("=",))
        unit.optionxform = str  # type: ignore[assignment,method-assign]
        unit.read_string(text)
        assert set(unit.sections()) <= {"Unit", "Service", "Timer", "Install"}


def test_the_service_fits_the_server() -> None:
    unit = dict(re.findall(r"^(\w+)=(.*)$", UNITS["liaison.service"], re.MULTILINE))
    arguments = parse(unit["ExecStart"].removeprefix("/opt/liaison/.venv/bin/liaison "))
    assert (arguments.run, arguments.host, arguments.demo) == (server._serve, "127.0.0.1", False)
    assert float(unit["TimeoutStopSec"]) > 2 * app.GRACE
    assert "LIAISON_DATA_DIR=/var/lib/" + unit["StateDirectory"] in UNITS["liaison.service"]
    for written in re.findall(r"/bin/sh -c '(.*)'", UNITS["liaison-backup.service"]):
        script = written.replace("%%", "%").replace("$$", "$")
        check_shell(script)
        assert parse(script.split(".venv/bin/liaison ")[1]).run is backups._back_up


def instructions() -> list[tuple[str, str]]:
    text = re.sub(r"^#.*\n", "", CONTAINERFILE, flags=re.MULTILINE).replace("\\\n", " ")
    return [
        (word, rest.strip()) for word, _, rest in (line.partition(" ") for line in text.splitlines() if line)
    ]


def test_the_container_gets_what_it_needs() -> None:
    known = {
        "FROM",
        "RUN",
        "COPY",
        "ENV",
        "WORKDIR",
        "USER",
        "VOLUME",
        "EXPOSE",
        "HEALTHCHECK",
        "ENTRYPOINT",
        "CMD",
    }
    steps = instructions()
    assert {word for word, _ in steps} <= known
    copied = {
        source
        for word, rest in steps
        if word == "COPY" and not rest.startswith("--from")
        for source in rest.split()[:-1]
    }
    for source in copied:
        assert (ROOT / source).exists(), source
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    packaged = set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["include"])
    assert (
        packaged | {"docs", "uv.lock", "pyproject.toml", "package-lock.json", project["project"]["readme"]}
        <= copied
    )
    for word, rest in steps:
        if word == "RUN":
            check_shell(rest)
            for folder in re.findall(r"compileall -q (.+)", rest):
                assert set(folder.split()) == packaged


def test_the_container_starts_the_server_without_rights() -> None:
    steps = instructions()
    final = dict(steps)
    words = json.loads(final["ENTRYPOINT"]) + json.loads(final["CMD"])
    arguments = parse(shlex.join(words[1:]))
    assert (words[0], arguments.run, str(arguments.port)) == ("liaison", server._serve, final["EXPOSE"])
    assert final["USER"].isdecimal()
    assert final["USER"] != "0"
    assert f"LIAISON_DATA_DIR={final['VOLUME']}" in final["ENV"]
    probe = json.loads(final["HEALTHCHECK"].partition("CMD ")[2])
    compile(probe[2], "probe", "exec")
    assert f":{arguments.port}/healthz" in probe[2]
    assert "/healthz" in {route.path for route in urls.ROUTES}


def test_one_version_of_uv_everywhere() -> None:
    [version] = re.findall(r"^UV_VERSION := (\S+)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert set(re.findall(r"uv==(\S+)", PAGE + CONTAINERFILE)) == {version}


def test_web_config_starts_the_server() -> None:
    tree = ET.parse(ROOT / "web.config")
    process = tree.getroot().find(".//httpPlatform")
    assert process is not None
    arguments = parse(process.attrib["arguments"].replace("%HTTP_PLATFORM_PORT%", "5000"))
    assert (arguments.run, arguments.host) == (server._serve, "127.0.0.1")
    handler = tree.getroot().find(".//handlers/add")
    assert handler is not None
    assert handler.attrib["responseBufferLimit"] == "0"


def test_proxies_stream_and_speak_for_the_caller() -> None:
    caddy, nginx = ((FOLDER / name).read_text("utf-8") for name in ("Caddyfile", "nginx.conf"))
    assert "flush_interval -1" in caddy
    assert "proxy_buffering off;" in nginx
    for header in ("X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host"):
        assert f"proxy_set_header {header} $" in nginx
    assert "$proxy_add_x_forwarded_for" not in nginx, "a caller's own claim would come through"
    for text in (caddy, nginx):
        code = re.sub(r"^\s*#.*$", "", text, flags=re.MULTILINE)
        assert code.count("{") == code.count("}") > 1
    if program := shutil.which("caddy"):
        command = [program, "validate", "--adapter", "caddyfile", "--config", str(FOLDER / "Caddyfile")]
        assert subprocess.run(command, capture_output=True, check=False).returncode == 0
