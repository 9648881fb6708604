"""Codes that carry a sign-in from one of our pages to the bot: signed, short-lived, for one account."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import jwt

ALGORITHM, AUDIENCE = "HS256", "liaison-bot-sign-in"
GOOD_FOR = timedelta(minutes=5)


def issue_code(keys: Sequence[str], object_id: str, now: datetime) -> str:
    """A code that says that the account has signed in at that time."""
    claims = {"sub": object_id, "aud": AUDIENCE, "exp": int((now + GOOD_FOR).timestamp())}
    return jwt.encode(claims, keys[0], ALGORITHM)


def is_code_of(keys: Sequence[str], code: str, object_id: str, now: datetime) -> bool:
    """Whether it is a code of ours for this account that has not run out."""
    for key in keys:
        try:
            claims = jwt.decode(
                code,
                key,
                [ALGORITHM],
                audience=AUDIENCE,
                options={"require": ["exp", "sub", "aud"], "verify_exp": False},  # PyJWT has its own clock
            )
        except (jwt.PyJWTError, ValueError):
            continue
        expires = claims["exp"]
        is_theirs = bool(object_id) and claims["sub"] == object_id
        return is_theirs and isinstance(expires, int) and now.timestamp() < expires
    return False
