"""The `state` of a consent link: signed, for a day, naming the administrator who made the link by id."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_urlsafe

import jwt

from insights.errors import Invalid

ALGORITHM, AUDIENCE = "HS256", "liaison-consent"
LIFETIME = timedelta(hours=24)
"""Long enough to hand the link to somebody who grants it the next morning."""


@dataclass(frozen=True, slots=True)
class State:
    """Who made a link, and the id by which its use is known."""

    link_id: str
    user_id: str


def new_state(user_id: str) -> State:
    """The state of a fresh link."""
    return State(token_urlsafe(12), user_id)


def sign_state(state: State, keys: Sequence[str], now: datetime) -> str:
    """The state as it goes into the link."""
    expires = int((now + LIFETIME).timestamp())
    claims = {"aud": AUDIENCE, "jti": state.link_id, "sub": state.user_id, "exp": expires}
    return jwt.encode(claims, keys[0], ALGORITHM)


def read_state(token: str, keys: Sequence[str], now: datetime) -> State:
    """The state that Entra brings back; raises Invalid for one that is too old or none of ours."""
    for key in keys:
        if state := _read(token, key, now):
            return state
    raise Invalid("bad_consent_state")


def _read(token: str, key: str, now: datetime) -> State | None:
    """The time is compared here, since PyJWT has a clock of its own."""
    try:
        claims = jwt.decode(
            token,
            key,
            [ALGORITHM],
            audience=AUDIENCE,
            options={"require": ["exp", "sub", "aud", "jti"], "verify_exp": False},
        )
    except (jwt.PyJWTError, ValueError):
        return None
    link_id, user_id, expires = claims["jti"], claims["sub"], claims["exp"]
    if not isinstance(link_id, str) or not isinstance(user_id, str) or not isinstance(expires, int):
        return None
    return State(link_id, user_id) if now.timestamp() < expires else None
