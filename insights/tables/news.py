"""What is told of everything that happens, and who is told."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table

from insights.database import NONE, USER
from insights.tables.own import Instant, own

# What happened, by a number that only grows: its kind, what it is about, the record it shows with.
news = Table(
    "news",
    own,
    Column(
        "id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True, info=NONE
    ),
    Column("at", Instant, nullable=False, info=NONE),
    Column("kind", String(32), nullable=False, info=NONE),
    Column("subject", String(64), nullable=False, info=NONE),
    Column("record_table", String(128), info=NONE),
    Column("record_id", String(64), info=NONE),
    Index("ix_news_at", "at"),
)

# Who is told of it, "" for everybody.
hearers = Table(
    "hearers",
    own,
    Column("news_id", BigInteger, ForeignKey("news.id", ondelete="CASCADE"), primary_key=True, info=NONE),
    Column("user_id", String(64), primary_key=True, info=USER),
)
