"""What is known of the services around Liaison, and kept for them."""

from sqlalchemy import BigInteger, Column, Index, LargeBinary, String, Table, Text

from insights.database import ADDRESS, NONE, USER
from insights.tables.own import Instant, own

# What never changes and need not be asked again, by name.
facts = Table(
    "facts",
    own,
    Column("name", String(400), primary_key=True, info=NONE),
    Column("value", Text, nullable=False, info=NONE),
)

# Tokens and other secrets that outlive a process, sealed with the operator's keys.
secrets = Table(
    "secrets",
    own,
    Column("name", String(200), primary_key=True, info=USER),
    Column("sealed", LargeBinary, nullable=False, info=NONE),
    Column("changed_at", Instant, nullable=False, info=NONE),
)

# Who signed out of Microsoft 365 here, by Entra's object id.
sign_outs = Table(
    "sign_outs",
    own,
    Column("object_id", String(64), primary_key=True, info=USER),
    Column("at", Instant, nullable=False, info=NONE),
)

# Where a mail server keeps a message of a mailbox: ids only. It finds none by our own ids.
message_places = Table(
    "message_places",
    own,
    Column("mailbox_id", String(36), primary_key=True, info=ADDRESS),
    Column("email_id", String(36), primary_key=True, info=NONE),
    Column("message_id", String(512), nullable=False, info=NONE),
    Column("seen_at", Instant, nullable=False, info=NONE),
    Index("ix_message_places_seen_at", "seen_at"),
    Index("ix_message_places_email_id", "email_id"),
)

# What a mail server tells us of: one subscription per user, and how far a mailbox has been followed.
subscriptions = Table(
    "subscriptions",
    own,
    Column("user_id", String(64), primary_key=True, info=USER),
    Column("subscription_id", String(64), info=NONE),
    Column("client_state", String(128), nullable=False, info=NONE),
    Column("expires_at", Instant, info=NONE),
    Column("delta_link", Text, nullable=False, info=NONE),
    Column("version", BigInteger, nullable=False, info=NONE),
    Column("changed_at", Instant, nullable=False, info=NONE),
    Index("ix_subscriptions_subscription_id", "subscription_id", unique=True),
    Index("ix_subscriptions_expires_at", "expires_at"),
)
