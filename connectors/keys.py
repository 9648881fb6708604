"""The signing keys of this deployment: those of the settings, else one made once in the data directory."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from insights.errors import Unavailable
from insights.settings import Settings

KEY_FILE = "signing.key"
SHORTEST = 32
"""Characters of a key, as in Settings.secret_keys."""


def read_signing_keys(settings: Settings) -> tuple[str, ...]:
    """The first signs, all verify; raises Unavailable where the key file cannot be made or read."""
    if settings.secret_keys:
        return settings.secret_keys
    path = settings.data_dir / "keys" / KEY_FILE
    try:
        if not path.exists():
            _make_key(path)
        key = path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Unavailable("no_signing_key", path=path, name=type(error).__name__) from None
    if len(key) < SHORTEST:
        raise Unavailable("bad_key", path=path)
    return (key,)


def _make_key(path: Path) -> None:
    """Write a complete key under its final name; of two processes one wins and both use its key."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_suffix(f".{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
