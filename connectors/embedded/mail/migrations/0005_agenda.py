"""Calendars and To Do of the embedded mail server."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Create calendars, events, meetings and tasks."""
    op.create_table(
        "calendars",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("address_key", sa.String(512), nullable=False),
        sa.Column("time_zone", sa.String(64), nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
        sa.Column("longest", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("address_key", name="uq_calendars_address_key"),
    )
    op.create_table(
        "events",
        _calendar_id(),
        sa.Column("event_id", sa.LargeBinary(16), primary_key=True),
        *_version(),
        sa.Column("recurs", sa.Boolean, nullable=False),
        sa.Column("parts", sa.Text, nullable=False),
        sa.Column("source", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "meetings",
        _calendar_id(),
        sa.Column("meeting_id", sa.LargeBinary(16), primary_key=True),
        sa.Column("event_id", sa.LargeBinary(16), nullable=False),
        sa.Column("start_at", sa.BigInteger, nullable=False),
        sa.Column("end_at", sa.BigInteger, nullable=False),
        sa.Column("is_local", sa.Boolean, nullable=False),
        sa.Column("part", sa.Integer, nullable=False),
    )
    op.create_index("ix_meetings_calendar_id_start_at", "meetings", ["calendar_id", "start_at"])
    op.create_index("ix_meetings_calendar_id_event_id", "meetings", ["calendar_id", "event_id"])
    op.create_table(
        "tasks",
        _calendar_id(),
        sa.Column("task_id", sa.LargeBinary(16), primary_key=True),
        *_version(),
        sa.Column("list_name", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("importance", sa.String(8), nullable=False),
        sa.Column("due_at", sa.BigInteger),
        sa.Column("is_local", sa.Boolean, nullable=False),
        sa.Column("completed_at", sa.BigInteger),
    )


def _calendar_id() -> "sa.Column[int]":
    return sa.Column("calendar_id", sa.Integer, sa.ForeignKey("calendars.id"), primary_key=True)


def _version() -> "list[sa.Column[object]]":
    """What tells a newer version of something from an older one."""
    return [
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.LargeBinary(16), nullable=False),
    ]
