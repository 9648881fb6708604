"""What is on and for whom, what was chosen, who did what, who works."""

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text

from insights.database import NAME, NONE, USER
from insights.tables.own import Instant, own

# `obstacle` is why a feature cannot work with this CRM and mail server, "" where it can.
features = Table(
    "features",
    own,
    Column("feature", String(64), primary_key=True, info=NONE),
    Column("state", String(16), nullable=False, info=NONE),
    Column("obstacle", Text, nullable=False, info=NONE),
    Column("version", Integer, nullable=False, info=NONE),
    Column("changed_by_id", String(64), info=USER),
    Column("changed_at", Instant, info=NONE),
)

# For whom a feature is on that is not on for everybody: users, groups, roles.
audiences = Table(
    "audiences",
    own,
    Column("feature", String(64), primary_key=True, info=NONE),
    Column("kind", String(8), primary_key=True, info=NONE),
    Column("subject_id", String(64), primary_key=True, info=USER),
)

# Who is in those groups and roles, as last looked at.
members = Table(
    "members",
    own,
    Column("kind", String(8), primary_key=True, info=NONE),
    Column("subject_id", String(64), primary_key=True, info=NONE),
    Column("user_id", String(64), primary_key=True, info=USER),
    Index("ix_members_user_id", "user_id"),
)

acceptances = Table(
    "acceptances",
    own,
    Column("text", String(64), primary_key=True, info=NONE),
    Column("version", String(32), primary_key=True, info=NONE),
    Column("accepted_by_id", String(64), nullable=False, info=USER),
    Column("accepted_at", Instant, nullable=False, info=NONE),
)

# Rows are only ever added: triggers refuse anything else. Ids only, what those are called stands in `names`.
audit = Table(
    "audit",
    own,
    Column(
        "id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True, info=NONE
    ),
    Column("at", Instant, nullable=False, info=NONE),
    Column("user_id", String(64), nullable=False, info=USER),
    Column("action", String(64), nullable=False, info=NONE),
    Column("subject", String(200), nullable=False, info=NONE),
    Column("detail", Text, nullable=False, info=USER),
    Index("ix_audit_at", "at"),
)

# What people are called who stand somewhere by their ids, and may be forgotten.
names = Table(
    "names",
    own,
    Column("id", String(64), primary_key=True, info=USER),
    Column("name", Text, nullable=False, info=NAME),
)

# What was chosen (`insights/choices.py`), by a user's id, "" for the organisation.
choices = Table(
    "choices",
    own,
    Column("owner", String(64), primary_key=True, info=USER),
    Column("name", String(64), primary_key=True, info=NONE),
    Column("value", Text, nullable=False, info=NONE),
    Column("version", Integer, nullable=False, info=NONE),
    Column("changed_by_id", String(64), nullable=False, info=USER),
    Column("changed_at", Instant, nullable=False, info=NONE),
)

# How often what several people may edit has been changed.
versions = Table(
    "versions",
    own,
    Column("subject", String(80), primary_key=True, info=USER),
    Column("number", Integer, nullable=False, info=NONE),
)

# Who does work that only one process may do at a time, until when, by the real clock.
leases = Table(
    "leases",
    own,
    Column("name", String(64), primary_key=True, info=NONE),
    Column("holder", String(36), nullable=False, info=NONE),
    Column("until", Instant, nullable=False, info=NONE),
    Column("began_at", Instant, nullable=False, info=NONE),
)
