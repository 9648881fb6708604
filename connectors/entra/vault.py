"""Secrets at rest: sealed with keys derived from the operator's; the first seals, all open."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import Connection, delete, select, update

from insights.database import Database, insert_into
from insights.tables import secrets

if TYPE_CHECKING:  # whoever has no secrets does not pay for it
    from cryptography.fernet import Fernet

log = structlog.get_logger(__name__)
PURPOSE = b"liaison: secrets at rest, 1"


@dataclass(frozen=True, slots=True)
class Sealed:
    """A row as it was read: `sealed` is what it must still hold when it is replaced."""

    sealed: bytes
    content: bytes | None
    """None where no key opens it: it was sealed with one that is gone."""


class Vault:
    """Named secrets in the table `secrets`, shared by all processes."""

    def __init__(self, database: Database, keys: Sequence[str], now: Callable[[], datetime]) -> None:
        self._database, self._keys, self._now = database, tuple(keys), now

    async def read(self, name: str) -> Sealed | None:
        """A secret, or None; one that an older key has sealed is sealed anew by the way."""
        sealed = await self._database.read(_read, name)
        if sealed is None:
            return None
        content, is_old = self._open(sealed)
        if content is None:
            log.warning("a secret can't be opened with any key of LIAISON_SECRET_KEYS")
        elif is_old:
            renewed = self._seal(content)
            if await self._write(name, sealed, renewed):
                sealed = renewed
        return Sealed(sealed, content)

    async def replace(self, name: str, content: bytes, *, was: bytes | None) -> bytes | None:
        """Write a secret unless it has changed since it `was` read (None: not there); the row, or None."""
        sealed = self._seal(content)
        return sealed if await self._write(name, was, sealed) else None

    async def remove(self, name: str) -> bool:
        """Erase a secret; whether there was one."""
        return await self._database.write(_remove, name)

    async def rotate(self) -> int:
        """Seal everything with the newest key, so that the older ones can be retired; how many were not."""
        count = 0
        for name in await self._database.read(_names):
            sealed = await self._database.read(_read, name)
            content, is_old = self._open(sealed) if sealed else (None, False)
            if content is not None and is_old:
                count += await self._write(name, sealed, self._seal(content))
        return count

    @cached_property
    def _ciphers(self) -> "list[Fernet]":
        import base64

        from cryptography.fernet import Fernet
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        def derive(key: str) -> bytes:
            return HKDF(SHA256(), length=32, salt=None, info=PURPOSE).derive(key.encode())

        return [Fernet(base64.urlsafe_b64encode(derive(key))) for key in self._keys]

    def _seal(self, content: bytes) -> bytes:
        return self._ciphers[0].encrypt(content)

    def _open(self, sealed: bytes) -> tuple[bytes | None, bool]:
        """What it holds, and whether an older key than the first has sealed it."""
        from cryptography.fernet import InvalidToken, MultiFernet

        try:
            return self._ciphers[0].decrypt(sealed), False
        except InvalidToken:
            pass  # that is the answer: not this key
        try:
            return MultiFernet(self._ciphers).decrypt(sealed), True
        except InvalidToken:
            return None, True

    async def _write(self, name: str, was: bytes | None, sealed: bytes) -> bool:
        now = self._now()

        def write(connection: Connection) -> bool:
            if was is None:
                added = insert_into(connection, secrets).values(name=name, sealed=sealed, changed_at=now)
                return bool(connection.execute(added.on_conflict_do_nothing()).rowcount)
            row = update(secrets).where(secrets.c.name == name, secrets.c.sealed == was)
            return bool(connection.execute(row.values(sealed=sealed, changed_at=now)).rowcount)

        return await self._database.write(write)


def _read(connection: Connection, name: str) -> bytes | None:
    sealed: bytes | None = connection.scalar(select(secrets.c.sealed).where(secrets.c.name == name))
    return sealed


def _names(connection: Connection) -> list[str]:
    return list(connection.scalars(select(secrets.c.name).order_by(secrets.c.name)))


def _remove(connection: Connection, name: str) -> bool:
    return bool(connection.execute(delete(secrets).where(secrets.c.name == name)).rowcount)
