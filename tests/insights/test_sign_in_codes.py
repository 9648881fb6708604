"""A code with which a page tells the bot who signed in: for that account, for five minutes, by our key."""

from datetime import UTC, datetime, timedelta

import jwt
import pytest

from insights.grants.state import new_state, sign_state
from insights.sign_in_codes import ALGORITHM, AUDIENCE, GOOD_FOR, is_code_of, issue_code

ANN, BOB = "0b1ec7a0-0000-4000-8000-000000000000", "0b1ec7a0-0000-4000-8000-000000000001"
NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
KEY, OLD, OTHER = "k" * 32, "o" * 32, "x" * 32
CLAIMS = {"sub": ANN, "aud": AUDIENCE, "exp": int((NOW + GOOD_FOR).timestamp())}


def made(key: str = KEY, **claims: object) -> str:
    return jwt.encode({**CLAIMS, **claims}, key, ALGORITHM)


def lacking(name: str) -> str:
    return jwt.encode({key: value for key, value in CLAIMS.items() if key != name}, KEY, ALGORITHM)


def test_a_code_is_good_for_its_account_for_five_minutes() -> None:
    code = issue_code((KEY, OLD), ANN, NOW)
    assert timedelta(minutes=5) == GOOD_FOR
    for keys in ((KEY,), (KEY, OLD), (OTHER, KEY)):
        assert is_code_of(keys, code, ANN, NOW)
        assert is_code_of(keys, code, ANN, NOW + GOOD_FOR - timedelta(seconds=1))
        assert not is_code_of(keys, code, ANN, NOW + GOOD_FOR)
        assert not is_code_of(keys, code, BOB, NOW)
    assert not is_code_of((OLD,), code, ANN, NOW), "the first key signs"
    assert is_code_of((KEY, OLD), made(OLD), ANN, NOW), "all verify"
    assert not is_code_of((), code, ANN, NOW)


@pytest.mark.parametrize(
    "code",
    [
        "",
        "x",
        "a.b.c",
        "\u00e9",
        made(OTHER),
        made(aud="liaison-consent"),
        made(exp="soon"),
        made(exp=9e99),
        made(sub=""),
        lacking("sub"),
        lacking("exp"),
        lacking("aud"),
        jwt.encode(CLAIMS, "", "none"),
        jwt.encode(CLAIMS, KEY * 2, "HS512"),
        sign_state(new_state(ANN), (KEY,), NOW),
    ],
)
def test_anything_else_is_no_code(code: str) -> None:
    assert not is_code_of((KEY,), code, ANN, NOW)


def test_nobody_is_no_account() -> None:
    assert not is_code_of((KEY,), issue_code((KEY,), "", NOW), "", NOW)
