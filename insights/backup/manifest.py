"""What a backup says about itself, and which names it may hold."""

import os
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from insights.errors import Invalid
from insights.words import Said, say

FORMAT = 2
"""Raised when an older Liaison could no longer read what we write; backups of format 1 are not signed."""
NAME = "manifest.json"
FOLDERS = ("files", "analytics", "outbox", "keys")
JOBS = "jobs"
"""The database of DBOS: in no backup, for what is pending begins anew. Format 1 had it; it is left there."""
Word = Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]{0,62}$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Member(_Part):
    """A file in the archive."""

    name: str = Field(max_length=4096)
    size: int = Field(ge=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class Table(_Part):
    """The rows of a PostgreSQL table: which member holds them, as COPY's text of these columns."""

    database: Word
    name: Word
    columns: tuple[Word, ...]
    member: str


class Sequence(_Part):
    """The last number that a PostgreSQL sequence gave."""

    database: Word
    name: Word
    last: int


class Manifest(_Part):
    """The table of contents; `revisions` has the schema revision of each database in it."""

    format: Literal[1, 2] = 2
    version: str
    made_at: AwareDatetime
    kind: Literal["sqlite", "postgresql"]
    revisions: dict[Word, str]
    members: tuple[Member, ...]
    tables: tuple[Table, ...] = ()
    sequences: tuple[Sequence, ...] = ()


class _Head(BaseModel):
    format: int
    version: str
    made_at: datetime


def read_manifest(raw: bytes) -> Manifest:
    """The manifest in these bytes; raises Invalid where a newer Liaison or nobody wrote it."""
    try:
        head = _Head.model_validate_json(raw)
        if head.format > FORMAT:
            raise newer(head.version)
        return Manifest.model_validate_json(raw)
    except ValidationError:
        raise not_a_backup(say("why.not_one_liaisons", name=NAME)) from None


def is_allowed(name: str, kind: str) -> bool:
    """Whether a member may have this name: a plain path to one of the places that a backup has."""
    parts = name.split("/")
    if any(part in {"", ".", ".."} or not part.isprintable() or "\\" in part for part in parts):
        return False
    if os.name == "nt" and ":" in name:
        return False
    if parts[0] in FOLDERS:
        return len(parts) > 1
    if kind == "postgresql":
        return len(parts) == 3 and parts[0] == kind and parts[2].endswith(".copy")
    return len(parts) == 1 and name.endswith(".sqlite")


def newer(version: str) -> Invalid:
    """The problem that a newer Liaison made the backup."""
    return Invalid("newer_backup", version=version[:40] if version.isprintable() else "?")


def not_a_backup(why: Said) -> Invalid:
    """The problem that a file is no backup of ours."""
    return Invalid("not_a_backup", why=why)


def not_signed() -> Invalid:
    """The problem that none of the known keys has signed a backup."""
    return Invalid("not_signed")


def another_file() -> Invalid:
    """The problem that a backup is not the one whose digest was given."""
    return Invalid("other_backup")


def damaged(why: Said) -> Invalid:
    """The problem that a backup is no longer as it was written."""
    return Invalid("damaged_backup", why=why)
