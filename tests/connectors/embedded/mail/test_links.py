"""Links in a folder lead nowhere, also those that take a file's place while it is imported."""

import os
from pathlib import Path

import pytest

from connectors.embedded.folders import LINK, LINKED_FOLDER, NotOpenedError, open_below
from connectors.embedded.mail.sources import find_files, read_messages
from tests.connectors.embedded.mail.boxes import lay, mail, read


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    return lay(tmp_path / "outside", {"secret.eml": mail("secret"), "cur/secret": mail("secret")})


@pytest.fixture
def inside(tmp_path: Path) -> Path:
    return lay(tmp_path / "inside", {"own.eml": mail("own"), "cur/1": mail("cur"), "new/2": mail("new")})


def test_links_of_a_folder_are_named_and_not_followed(inside: Path, outside: Path) -> None:
    (inside / "file.eml").symlink_to(outside / "secret.eml")
    (inside / "up.eml").symlink_to("../outside/secret.eml")
    (inside / "same.eml").symlink_to("own.eml")
    (inside / "cur/3:2,S").symlink_to(outside / "secret.eml")
    (inside / "folder").symlink_to(outside)
    (inside / "new/folder").symlink_to("../../outside/cur")
    (inside / "twice.eml").hardlink_to(inside / "own.eml")
    messages, reasons = read(inside)
    assert set(messages) == {"own.eml", "twice.eml", "cur/1", "new/2"}
    assert reasons == {
        **dict.fromkeys(("file.eml", "up.eml", "same.eml", "cur/3:2,S"), LINK),
        **dict.fromkeys(("folder", "new/folder"), LINKED_FOLDER),
    }


def test_the_path_itself_may_be_a_link(inside: Path, outside: Path, tmp_path: Path) -> None:
    (tmp_path / "folder").symlink_to(inside)
    (tmp_path / "file").symlink_to(outside / "secret.eml")
    assert len(read(tmp_path / "folder")[0]) == 3
    assert len(read(tmp_path / "file")[0]) == 1
    assert len(read(inside / ".." / "inside")[0]) == 3


def test_a_link_that_comes_after_the_listing_is_not_followed(inside: Path, outside: Path) -> None:
    files = find_files(inside)
    (inside / "own.eml").unlink()
    (inside / "own.eml").symlink_to(outside / "secret.eml")
    (inside / "cur").rename(inside / "moved")
    (outside / "cur/secret").rename(outside / "cur/1")
    (inside / "cur").symlink_to(outside / "cur")
    (inside / "new/2").unlink()
    os.mkfifo(inside / "new/2")
    found = {message.name: (message.raw, message.reason) for message in read_messages(files)}
    assert found == {
        "own.eml": (b"", LINK),
        "cur/1": (b"", LINK),
        "new/2": (b"", "it is no file but a pipe, a socket or a device"),
    }


def test_where_nothing_opens_relative_to_a_folder_links_are_not_followed_either(
    inside: Path, outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.embedded.folders.HAS_PLACES", False)
    (inside / "file.eml").symlink_to(outside / "secret.eml")
    (inside / "folder").symlink_to(outside)
    with open_below(inside, ("own.eml",)) as file:
        assert file.read() == mail("own")
    for parts in (("file.eml",), ("folder", "secret.eml")):
        with pytest.raises(NotOpenedError, match="it is a link"), open_below(inside, parts):
            raise AssertionError
