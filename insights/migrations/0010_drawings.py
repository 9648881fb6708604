"""Cards of any kind that stand in chats and are redrawn, where lists of email were all."""

import json
from collections.abc import Iterator
from itertools import groupby

import sqlalchemy as sa
from alembic import op

from insights.tables import Instant

revision = "0010"
down_revision = "0009"
AT_ONCE = 500


def upgrade() -> None:
    """Create `drawings` and `drawing_subjects`; take over what `listings` held."""
    op.create_table(
        "drawings",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("language", sa.String(35), nullable=False),
        sa.Column("arguments", sa.Text, nullable=False),
        sa.Column("shown_at", Instant, nullable=False),
    )
    op.create_index("ix_drawings_shown_at", "drawings", ["shown_at"])
    op.create_table(
        "drawing_subjects",
        sa.Column(
            "drawing_id", sa.String(36), sa.ForeignKey("drawings.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("kind", sa.String(32), primary_key=True),
        sa.Column("subject", sa.String(64), primary_key=True),
    )
    op.create_index("ix_drawing_subjects_subject", "drawing_subjects", ["subject"])
    _move_listings(op.get_bind())
    _move_places()
    op.drop_table("listed_emails")
    op.drop_table("listings")


def _move_listings(connection: sa.Connection) -> None:
    """Each keeps its id: buttons of cards that are out carry it."""
    metadata = sa.MetaData()
    names = ("listings", "listed_emails", "drawings", "drawing_subjects")
    listings, listed, drawings, subjects = (
        sa.Table(name, metadata, autoload_with=connection) for name in names
    )
    email_ids = {
        listing_id: [row.email_id for row in rows]
        for listing_id, rows in groupby(
            connection.execute(sa.select(listed).order_by(listed.c.listing_id, listed.c.position)),
            lambda row: row.listing_id,
        )
    }
    moved = [_drawing(row, email_ids.get(row.id, [])) for row in connection.execute(sa.select(listings))]
    for some in _some(moved):
        connection.execute(sa.insert(drawings), some)
    shown = [
        {"drawing_id": drawing_id, "kind": "track", "subject": email_id}
        for drawing_id, several in email_ids.items()
        for email_id in dict.fromkeys(several)
    ]
    for some in _some(shown):
        connection.execute(sa.insert(subjects), some)


def _drawing(row: sa.Row[tuple[object, ...]], email_ids: list[str]) -> dict[str, object]:
    arguments = {
        "record": [row.record_table, row.record_id] if row.record_id else None,
        "emails": email_ids,
        "next": row.next_cursor,
        "is_first": row.is_first,
    }
    about = {"id": row.id, "user_id": row.user_id, "language": row.language, "shown_at": row.shown_at}
    return {"kind": "untracked", "arguments": json.dumps(arguments), **about}


def _some(rows: list[dict[str, object]]) -> Iterator[list[dict[str, object]]]:
    for start in range(0, len(rows), AT_ONCE):
        yield rows[start : start + AT_ONCE]


def _move_places() -> None:
    """Let places lead to drawings; before `listings` goes, which would take its places with it."""
    op.drop_index("ix_places_listing_id", "places")
    naming = {"fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s"}
    # SQLite has no name for the constraint that 0003 made; PostgreSQL made one up by its own rule.
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    old = "fk_places_listing_id_listings" if is_sqlite else "places_listing_id_fkey"
    with op.batch_alter_table("places", naming_convention=naming if is_sqlite else None) as places:
        places.drop_constraint(old, type_="foreignkey")
        places.alter_column("listing_id", new_column_name="drawing_id", existing_type=sa.String(36))
        places.add_column(sa.Column("held_until", Instant))
    with op.batch_alter_table("places") as places:
        places.create_foreign_key(
            "fk_places_drawing_id_drawings", "drawings", ["drawing_id"], ["id"], ondelete="CASCADE"
        )
    op.create_index("ix_places_drawing_id", "places", ["drawing_id"])
