"""The embedded directory: tokens that we sign ourselves, and the key that signs them."""

import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest

from connectors.embedded.directory import EmbeddedDirectory
from connectors.keys import KEY_FILE, read_signing_keys
from insights.database import Database
from insights.errors import NotSignedIn, Unavailable
from insights.model import Identity
from insights.settings import Settings
from tests.conftest import OpenDatabase

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
OLD_KEY, KEY, OTHER_KEY = "old-" * 20, "key-" * 20, "other-" * 20


class Clock:
    """A clock that the test turns."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def crm_database(open_database: OpenDatabase) -> Database:
    return open_database("crm")


@pytest.fixture
def directory(crm_database: Database, clock: Clock) -> EmbeddedDirectory:
    return EmbeddedDirectory(crm_database, keys=[KEY, OLD_KEY], now=clock)


async def test_a_token_proves_its_user_until_it_runs_out(directory: EmbeddedDirectory, clock: Clock) -> None:
    token = directory.issue_token("ann", hours=2)
    assert await directory.identify(token) == Identity(user="ann")
    clock.now = NOW + timedelta(hours=2, seconds=-1)
    assert await directory.identify(token) == Identity(user="ann")
    clock.now = NOW + timedelta(hours=2)
    with pytest.raises(NotSignedIn):
        await directory.identify(token)
    assert await directory.identify(directory.issue_token("ann")) == Identity(user="ann")


async def test_every_key_verifies_and_the_first_signs(
    directory: EmbeddedDirectory, crm_database: Database, clock: Clock
) -> None:
    before = EmbeddedDirectory(crm_database, keys=[OLD_KEY], now=clock).issue_token("ann")
    assert await directory.identify(before) == Identity(user="ann")
    retired = EmbeddedDirectory(crm_database, keys=[KEY], now=clock)
    assert await retired.identify(directory.issue_token("ann")) == Identity(user="ann")
    with pytest.raises(NotSignedIn):
        await retired.identify(before)


GOOD = {"iss": "liaison", "aud": "liaison-api", "sub": "ann", "exp": NOW.timestamp() + 60}


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a.b.c",
        "é\udcff",
        jwt.encode(GOOD, OTHER_KEY, "HS256"),
        jwt.encode(GOOD, KEY, "HS512"),
        jwt.encode(GOOD, "", "none"),
        *(jwt.encode(GOOD | wrong, KEY, "HS256") for wrong in ({"iss": "x"}, {"aud": "x"}, {"exp": 0})),
        *(
            jwt.encode({name: value for name, value in GOOD.items() if name != missing}, KEY, "HS256")
            for missing in GOOD
        ),
    ],
)
async def test_whatever_else_comes_is_refused_with_the_same_words(
    directory: EmbeddedDirectory, token: str
) -> None:
    with pytest.raises(NotSignedIn) as refused:
        await directory.identify(token)
    assert refused.value.code == "bad_token"


def test_the_signing_key_is_made_once_and_for_us_only(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    with ThreadPoolExecutor(8) as threads:
        keys = set(threads.map(lambda _: read_signing_keys(settings), range(32)))
    assert len(keys) == 1
    files = list((tmp_path / "keys").iterdir())
    assert [file.name for file in files] == [KEY_FILE], "no draft is left"
    assert stat.S_IMODE(files[0].stat().st_mode) == 0o600
    assert read_signing_keys(Settings(data_dir=tmp_path, secret_keys=(KEY,))) == (KEY,)


def test_a_damaged_signing_key_is_told_and_not_replaced(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    (key,) = read_signing_keys(settings)
    path = tmp_path / "keys" / KEY_FILE
    path.write_text("short")
    with pytest.raises(Unavailable, match="too short"):
        read_signing_keys(settings)
    assert path.read_text() == "short"
    path.write_text(key)
    assert read_signing_keys(settings) == (key,)
