"""Which emails are tracked, were, or will be; ids only."""

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table

from insights.database import ADDRESS, NONE, USER
from insights.tables import Instant, own

# The outbox of tracking: a row says `pending`, the workflow's id is derived from it.
tracks = Table(
    "tracks",
    own,
    Column("email_id", String(36), primary_key=True, info=NONE),
    Column("state", String(16), nullable=False, info=NONE),
    Column("user_id", String(64), nullable=False, info=USER),
    Column("mailbox", String(320), info=ADDRESS),  # whose copy is taken, where it is not the user's own
    Column("attempt", Integer, nullable=False, default=1, info=NONE),
    Column("requested_at", Instant, nullable=False, info=NONE),
    Column("changed_at", Instant, nullable=False, info=NONE),
    Column("regarding_table", String(128), info=NONE),
    Column("regarding_id", String(64), info=NONE),
    Column("cause", String(64), info=NONE),
    Column("email_activity_id", String(64), info=NONE),
    Index("ix_tracks_state_changed_at", "state", "changed_at"),
    Index("ix_tracks_user_id_state", "user_id", "state"),
)

track_attachments = Table(
    "track_attachments",
    own,
    Column(
        "email_id", String(36), ForeignKey("tracks.email_id", ondelete="CASCADE"), primary_key=True, info=NONE
    ),
    Column("attachment_id", String(255), primary_key=True, info=NONE),
    Column("state", String(16), nullable=False, info=NONE),
    Column("cause", String(64), info=NONE),
)

# Who else pressed *Track* on an email that somebody was tracking or had tracked.
track_joins = Table(
    "track_joins",
    own,
    Column("email_id", String(36), primary_key=True, info=NONE),
    Column("user_id", String(64), primary_key=True, info=USER),
    Column("joined_at", Instant, nullable=False, info=NONE),
)
