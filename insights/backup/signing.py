"""Whose backup a file is: its digest signed with the operator's key (HMAC-SHA256, key by HKDF)."""

import hashlib
import hmac
from collections.abc import Iterable
from pathlib import Path

PURPOSE = b"liaison backup"


def sign(digest: str, key: str) -> str:
    """The signature of a digest, as long as the digest itself: 64 hexadecimal digits."""
    return hmac.new(_derive(key), digest.encode(), hashlib.sha256).hexdigest()


def find_signer(digest: str, signature: str, keys: Iterable[str]) -> str | None:
    """The first of the keys that made the signature."""
    return next((key for key in keys if hmac.compare_digest(sign(digest, key), signature)), None)


def digest_of(file: Path) -> str:
    """The SHA-256 of a whole file, as `sha256sum` tells it."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def fingerprint(key: str) -> str:
    """What tells keys apart and tells nothing of them: 16 hexadecimal digits."""
    return hashlib.sha256(_derive(key)).hexdigest()[:16]


def _derive(key: str) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), length=32, salt=None, info=PURPOSE).derive(key.encode())
