"""`liaison manifest build`: two files, the same each time, and one line for whatever is wrong."""

import json
from pathlib import Path
from zipfile import ZipFile

import pytest
from lxml import etree

from insights.errors import Invalid
from manifests.build import build_manifests, read_public_url
from tests.manifests.conftest import APP_ID
from tests.test_cli import FAILURE, Run

URL = "https://liaison.contoso.example"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.delenv("MicrosoftAppId", raising=False)
    return Run(tmp_path, monkeypatch, capsys)


def build(run: Run, folder: Path, *, url: str = URL, app_id: str = APP_ID, code: int = 0) -> tuple[str, str]:
    words = ["manifest", "build", "--public-url", url, "--out", str(folder)]
    return run(*words, code=code, env={"MicrosoftAppId": app_id})


def ids(folder: Path) -> tuple[str, str]:
    """Of the unified manifest and of the XML one."""
    unified = json.loads(ZipFile(folder / "liaison.zip").read("manifest.json"))["id"]
    return unified, etree.parse(str(folder / "outlook.xml")).findtext("{*}Id") or ""


def test_both_files_are_written_and_named(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "not" / "there"
    out, _ = build(run, folder)
    files = [folder / "liaison.zip", folder / "outlook.xml"]
    assert out.splitlines() == [str(file) for file in files]
    assert sorted(folder.iterdir()) == files
    assert not run.data.exists(), "it needs no database"


def test_tokens_are_asked_for_where_people_sign_in(run: Run, tmp_path: Path) -> None:
    sign_in_id = "2fcd2a44-6a2c-4bd0-8b1e-3c1b3a6f9d22"
    entra = {"CLIENT_ID": sign_in_id, "TENANTS": APP_ID, "SECRET": "secret"}
    env = {"MicrosoftAppId": APP_ID} | {f"LIAISON_ENTRA_{name}": value for name, value in entra.items()}
    run("manifest", "build", "--public-url", URL, "--out", str(tmp_path), env=env)
    manifest = json.loads(ZipFile(tmp_path / "liaison.zip").read("manifest.json"))
    assert (manifest["webApplicationInfo"]["id"], manifest["bots"][0]["botId"]) == (sign_in_id, APP_ID)


def test_a_second_time_gives_the_same_bytes(run: Run, tmp_path: Path) -> None:
    build(run, tmp_path)
    first = {file.name: file.read_bytes() for file in tmp_path.iterdir() if file.is_file()}
    build(run, tmp_path, url="https://LIAISON.contoso.example:443/", app_id=APP_ID.upper())
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir() if file.is_file()} == first


def test_the_ids_belong_to_the_registration(tmp_path: Path) -> None:
    other_app = APP_ID.replace("1", "2")
    build_manifests(URL, APP_ID, (), tmp_path / "a")
    build_manifests("https://elsewhere.example", APP_ID, (), tmp_path / "b")
    build_manifests(URL, other_app, (), tmp_path / "c")
    assert ids(tmp_path / "a") == ids(tmp_path / "b")
    assert len({*ids(tmp_path / "a"), *ids(tmp_path / "c"), APP_ID, other_app}) == 6


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://Liaison.Contoso.example/", "https://liaison.contoso.example"),
        ("HTTPS://localhost:53000", "https://localhost:53000"),
        ("https://10.0.0.5", "https://10.0.0.5"),
    ],
)
def test_addresses_that_fit(text: str, url: str) -> None:
    assert read_public_url(text) == url


@pytest.mark.parametrize(
    "text",
    [
        "",
        "liaison.contoso.example",
        "http://liaison.contoso.example",
        "https://",
        "https:///x",
        f"{URL}/liaison",
        f"{URL}//",
        f"{URL}?x=1",
        f"{URL}?",
        f"{URL}/#",
        f" {URL}",
        f"{URL}\n.evil.example",
        "https://user:secret@liaison.contoso.example",
        "https://host:0",
        "https://host:99999",
        "https://host:",
        "https://[::1",
        "https://-host.example",
        "https://a..example",
        'https://host"><x',
        "https://" + ".".join(["long"] * 60),
    ],
)
def test_addresses_that_do_not_fit(run: Run, tmp_path: Path, text: str) -> None:
    _, err = build(run, tmp_path / "out", url=text, code=1)
    assert FAILURE.fullmatch(err)
    assert "--public-url" in err
    assert "secret" not in err
    assert not (tmp_path / "out").exists()


def test_without_an_application_it_says_what_to_do(run: Run, tmp_path: Path) -> None:
    _, err = build(run, tmp_path / "out", app_id="", code=1)
    assert FAILURE.fullmatch(err)
    assert "MicrosoftAppId is not set · register an application in Microsoft Entra" in err
    assert not (tmp_path / "out").exists()


def test_an_application_id_that_is_none_is_told(run: Run, tmp_path: Path) -> None:
    _, err = build(run, tmp_path / "out", app_id="my-app", code=1)
    assert FAILURE.fullmatch(err)
    assert "MicrosoftAppId is no application id" in err
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_written_is_told(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("mine")
    for folder in (file, file / "inside", Path("/proc/nowhere")):
        _, err = build(run, folder, code=1)
        assert FAILURE.fullmatch(err)
        assert "choose another folder with --out" in err
    assert file.read_text() == "mine"


def test_a_failed_write_leaves_no_draft(tmp_path: Path) -> None:
    (tmp_path / "outlook.xml").mkdir()
    with pytest.raises(Invalid):
        build_manifests(URL, APP_ID, (), tmp_path)
    assert {path.name for path in tmp_path.iterdir()} <= {"liaison.zip", "outlook.xml"}


@pytest.mark.parametrize("words", [["--out", "x"], ["--public-url", URL]])
def test_both_options_are_needed(run: Run, words: list[str]) -> None:
    run("manifest", "build", *words, code=2)
