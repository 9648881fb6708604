"""SQL tables of the embedded CRM: one store for the rows of all its tables, and what finds them again.

`rows` is the truth, each with the number of the change that wrote it; the others are derived from it on
every write, so that each read is a range scan of an index whose length is that of the answer. Whose data
the columns inside `rows.attributes` hold says `holdings.py`.
"""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table, Text
from sqlalchemy.types import JSON

from insights.database import ADDRESS, NAME, NONE, TEXT, USER, metadata
from insights.tables import Instant

crm = metadata()
TABLE = String(128)
ID = String(64).with_variant(String(64, collation="C"), "postgresql")
KEY = String(400).with_variant(String(400, collation="C"), "postgresql")  # ranges by code point on both

rows = Table(
    "rows",
    crm,
    Column("table_name", TABLE, primary_key=True, info=NONE),
    Column("id", ID, primary_key=True, info=USER),
    Column("name", Text, nullable=False, info=NAME),
    Column("name_key", KEY, nullable=False, info=NAME),
    Column("owner_id", ID, info=USER),
    Column("state", Integer, nullable=False, info=NONE),
    Column("created_at", Instant, nullable=False, info=NONE),
    Column("created_by_id", ID, info=USER),
    Column("modified_at", Instant, nullable=False, info=NONE),
    Column("modified_by_id", ID, info=USER),
    Column("attributes", JSON, nullable=False, info=TEXT),
    Column("change", BigInteger, nullable=False, server_default="0", info=NONE),
    Index("ix_rows_table_name_name_key", "table_name", "name_key", "id"),
    Index("ix_rows_id", "id"),
    Index("ix_rows_owner_id", "owner_id", "table_name", "modified_at"),
    Index("ix_rows_change", "table_name", "change", "id"),
)

# Rows that are gone, with the number of the change that removed them.
removed_rows = Table(
    "removed_rows",
    crm,
    Column("table_name", TABLE, primary_key=True, info=NONE),
    Column("id", ID, primary_key=True, info=USER),
    Column("change", BigInteger, nullable=False, info=NONE),
    Index("ix_removed_rows_change", "table_name", "change", "id"),
)

# The days and times that work is planned by: when a deal closes, when an activity starts and ends.
dates = Table(
    "dates",
    crm,
    Column("table_name", TABLE, primary_key=True, info=NONE),
    Column("row_id", ID, primary_key=True, info=NONE),
    Column("column_name", String(128), primary_key=True, info=NONE),
    Column("owner_id", ID, info=USER),
    Column("at", Instant, nullable=False, info=NONE),
    Index("ix_dates_owner_id", "owner_id", "column_name", "table_name", "at", "row_id"),
    Index("ix_dates_column_name", "column_name", "table_name", "at", "row_id"),
)

# Every email column of every row, by the key under which equal addresses meet.
addresses = Table(
    "addresses",
    crm,
    Column("table_name", TABLE, primary_key=True, info=NONE),
    Column("row_id", ID, primary_key=True, info=USER),
    Column("column_name", String(128), primary_key=True, info=NONE),
    Column("address_key", Text, nullable=False, info=ADDRESS),
    Column("address", Text, nullable=False, info=ADDRESS),
    Index("ix_addresses_address_key", "address_key"),
)

# Every lookup but the owner, to follow it backwards.
lookups = Table(
    "lookups",
    crm,
    Column("table_name", TABLE, primary_key=True, info=NONE),
    Column("row_id", ID, primary_key=True, info=USER),
    Column("column_name", String(128), primary_key=True, info=NONE),
    Column("target_table", TABLE, nullable=False, info=NONE),
    Column("target_id", ID, nullable=False, info=USER),
    Index("ix_lookups_target", "target_id", "target_table", "table_name", "column_name", "row_id"),
)

# Which activities stand in a record's timeline: regarding it (`via` is the activity itself) or
# connected to it (`via` is the connection).
timeline = Table(
    "timeline",
    crm,
    Column("via_table", TABLE, primary_key=True, info=NONE),
    Column("via_id", ID, primary_key=True, info=NONE),
    Column("target_table", TABLE, primary_key=True, info=NONE),
    Column("target_id", ID, primary_key=True, info=USER),
    Column("activity_table", TABLE, nullable=False, info=NONE),
    Column("activity_id", ID, nullable=False, info=NONE),
    Column("at", Instant, nullable=False, info=NONE),
    Index("ix_timeline_target", "target_table", "target_id", "at", "activity_id"),
    Index("ix_timeline_activity_id", "activity_id"),
)

# Users and teams, with the business unit that decides who reads what they own; null = the root.
principals = Table(
    "principals",
    crm,
    Column("id", ID, primary_key=True, info=USER),
    Column("table_name", TABLE, nullable=False, info=NONE),
    Column("business_unit_id", ID, info=NONE),
    Index("ix_principals_business_unit_id", "business_unit_id"),
)

# Rows that somebody shared for reading.
shares = Table(
    "shares",
    crm,
    Column("via_id", ID, primary_key=True, info=NONE),
    Column("object_table", TABLE, nullable=False, info=NONE),
    Column("object_id", ID, nullable=False, info=NONE),
    Column("principal_id", ID, nullable=False, info=USER),
    Index("ix_shares_object_id", "object_id", "object_table", "principal_id"),
)

# One email, one row: the Internet Message-ID is taken once.
message_ids = Table(
    "message_ids",
    crm,
    Column("message_key", String(400), primary_key=True, info=NONE),
    Column("email_id", ID, nullable=False, info=NONE),
    Index("ix_message_ids_email_id", "email_id"),
)

contents = Table(
    "contents",
    crm,
    Column("attachment_id", ID, primary_key=True, info=NONE),
    Column("content", LargeBinary, nullable=False, info=TEXT),
)

# One row: `number` grows with every change of what `structure.py` keeps in memory, `changes` with every
# write transaction, which begins by taking it.
structure = Table(
    "structure",
    crm,
    Column("id", Integer, primary_key=True, info=NONE),
    Column("number", Integer, nullable=False, info=NONE),
    Column("changes", BigInteger, nullable=False, server_default="0", info=NONE),
)

# Custom tables as `metadata.json` described them.
custom_tables = Table(
    "custom_tables",
    crm,
    Column("name", TABLE, primary_key=True, info=NONE),
    Column("definition", JSON, nullable=False, info=NONE),
)
