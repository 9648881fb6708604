"""The rows of tracking: one per email over all users, from *Track* to its end.

A row is the outbox: `pending` means a workflow owes us its end, whose key is `email_id/attempt`.
It holds ids and a cause, no word of the message.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Row, delete, insert, select, update

from insights import outbox
from insights.capture.tables import track_attachments, track_joins, tracks
from insights.database import insert_into
from insights.model import RecordRef, TrackState
from insights.news import tell

NEWS = "track"
"""The kind of news that an email's tracking moved."""
FAILURE = "failure"
"""The kind of card that tells of an email that could not be tracked: the argument `email` is its id."""
TOLD_FOR = timedelta(days=1)
"""How long who pressed is told that it failed; it stays listed for longer."""


@dataclass(frozen=True, slots=True)
class Track:
    """A row of `tracks` with the outcome of each file: attachment id → (state, cause)."""

    email_id: str
    state: TrackState
    user_id: str
    mailbox: str | None
    """Whose copy is taken, where it is not the user's own."""
    attempt: int
    requested_at: datetime
    changed_at: datetime
    regarding: RecordRef | None
    cause: str | None
    email_activity_id: str | None
    files: Mapping[str, tuple[TrackState, str | None]]

    @property
    def key(self) -> str:
        """The key of the workflow that carries out this attempt."""
        return f"{self.email_id}/{self.attempt}"


def select_tracks(connection: Connection, email_ids: Sequence[str]) -> dict[str, Track]:
    """Rows by email id."""
    if not email_ids:
        return {}
    rows = connection.execute(select(tracks).where(tracks.c.email_id.in_(email_ids))).all()
    return {track.email_id: track for track in _with_files(connection, rows)}


def select_failures(
    connection: Connection, user_id: str, since: datetime, before: tuple[datetime, str] | None, limit: int
) -> list[Track]:
    """The failed rows of a user, who pressed first or later, newest first."""
    joined = select(track_joins.c.email_id).where(track_joins.c.user_id == user_id)
    mine = (tracks.c.user_id == user_id) | tracks.c.email_id.in_(joined)
    query = (
        select(tracks)
        .where(mine, tracks.c.state == TrackState.FAILED, tracks.c.changed_at >= since)
        .order_by(tracks.c.changed_at.desc(), tracks.c.email_id.desc())
        .limit(limit)
    )
    if before:
        at, email_id = before
        query = query.where(
            (tracks.c.changed_at < at) | ((tracks.c.changed_at == at) & (tracks.c.email_id < email_id))
        )
    return _with_files(connection, connection.execute(query).all())


def select_strays(connection: Connection, before: datetime) -> list[Track]:
    """Pending rows that nothing has touched since `before`."""
    query = select(tracks).where(tracks.c.state == TrackState.PENDING, tracks.c.changed_at < before)
    return _with_files(connection, connection.execute(query).all())


def claim(
    connection: Connection,
    *,
    email_id: str,
    user_id: str,
    mailbox: str | None,
    regarding: RecordRef | None,
    attachment_ids: Sequence[str],
    now: datetime,
) -> tuple[Track, bool]:
    """Make the row pending for this user, unless somebody's already is: (row, whether it is ours now)."""
    fresh = {
        "state": TrackState.PENDING,
        "user_id": user_id,
        "mailbox": mailbox,
        "requested_at": now,
        "changed_at": now,
        "regarding_table": regarding.table if regarding else None,
        "regarding_id": regarding.id if regarding else None,
        "cause": None,
        "email_activity_id": None,
    }
    statement = insert_into(connection, tracks).values(email_id=email_id, attempt=1, **fresh)
    claimed = connection.execute(
        statement.on_conflict_do_update(
            index_elements=["email_id"],
            set_=fresh | {"attempt": tracks.c.attempt + 1},
            where=tracks.c.state != TrackState.PENDING,
        )
    ).rowcount
    if claimed:
        connection.execute(delete(track_attachments).where(track_attachments.c.email_id == email_id))
        if attachment_ids:
            connection.execute(
                insert(track_attachments),
                [
                    {"email_id": email_id, "attachment_id": file_id, "state": TrackState.PENDING}
                    for file_id in attachment_ids
                ],
            )
        announce(connection, email_id, now)
    return select_tracks(connection, [email_id])[email_id], bool(claimed)


def again(
    connection: Connection,
    email_id: str,
    now: datetime,
    *,
    user_id: str | None = None,
    mailbox: str | None = None,
) -> Track:
    """Begin another attempt at a row that failed or hangs; files that failed get another chance.

    `user_id` is who tries now, and from which mailbox, if not the one who tried before.
    """
    taken_over = {"user_id": user_id, "mailbox": mailbox} if user_id else {}
    connection.execute(
        update(tracks)
        .where(tracks.c.email_id == email_id, tracks.c.state != TrackState.TRACKED)
        .values(
            state=TrackState.PENDING, cause=None, attempt=tracks.c.attempt + 1, changed_at=now, **taken_over
        )
    )
    connection.execute(
        update(track_attachments)
        .where(track_attachments.c.email_id == email_id, track_attachments.c.state == TrackState.FAILED)
        .values(state=TrackState.PENDING, cause=None)
    )
    announce(connection, email_id, now)
    return select_tracks(connection, [email_id])[email_id]


def finish(
    connection: Connection, key: str, state: TrackState, now: datetime, *, cause: str | None = None
) -> None:
    """End the attempt `key`; a later attempt is left alone. Who pressed is told that it failed, once."""
    email_id, attempt = split_key(key)
    ended = connection.execute(
        update(tracks)
        .where(
            tracks.c.email_id == email_id,
            tracks.c.attempt == attempt,
            tracks.c.state == TrackState.PENDING,
        )
        .values(state=state, cause=cause, changed_at=now)
    ).rowcount
    if ended:
        row = select_tracks(connection, [email_id])[email_id]
        announce(connection, email_id, now, records=[row.regarding] if row.regarding else [])
        if state is TrackState.FAILED:
            for user_id in sorted(_pressed(connection, email_id)):
                about = {"email": email_id}
                outbox.add(connection, user_id, f"{FAILURE} {key}", FAILURE, about, now, lasts=TOLD_FOR)


def touch(connection: Connection, key: str, now: datetime, *, email_activity_id: str | None = None) -> None:
    """Note progress of the attempt, so that the sweep leaves it alone."""
    email_id, attempt = split_key(key)
    values: dict[str, object] = {"changed_at": now}
    if email_activity_id:
        values["email_activity_id"] = email_activity_id
    connection.execute(
        update(tracks).where(tracks.c.email_id == email_id, tracks.c.attempt == attempt).values(values)
    )


def settle_file(
    connection: Connection, email_id: str, attachment_id: str, state: TrackState, cause: str | None
) -> None:
    """Keep the outcome of one file."""
    connection.execute(
        update(track_attachments)
        .where(track_attachments.c.email_id == email_id, track_attachments.c.attachment_id == attachment_id)
        .values(state=state, cause=cause)
    )


def let_go(connection: Connection, email_id: str, now: datetime, records: Sequence[RecordRef] = ()) -> None:
    """Note that the email is tracked no more; the row stays, so that no attempt's key comes again.

    `records` showed it until now.
    """
    connection.execute(delete(track_attachments).where(track_attachments.c.email_id == email_id))
    connection.execute(
        update(tracks)
        .where(tracks.c.email_id == email_id)
        .values(state=TrackState.UNTRACKED, changed_at=now, email_activity_id=None)
    )
    announce(connection, email_id, now, records=records)


def drop_failures(connection: Connection, before: datetime) -> int:
    """Let go of what failed before that time; how many."""
    return connection.execute(
        update(tracks)
        .where(tracks.c.state == TrackState.FAILED, tracks.c.changed_at < before)
        .values(state=TrackState.UNTRACKED, cause=None)
    ).rowcount


def announce(
    connection: Connection,
    email_id: str,
    now: datetime,
    *,
    user_id: str = "",
    records: Sequence[RecordRef] = (),
) -> None:
    """Tell who pressed *Track* on this email, and this user, to look at it again, and at these records."""
    people = _pressed(connection, email_id) | ({user_id} - {""})
    for record in dict.fromkeys(records) or (None,):
        tell(connection, NEWS, email_id, people, now, record=record)


def failed_since(connection: Connection, email_id: str, user_id: str) -> datetime | None:
    """When an email was asked to be tracked that failed for this user; None where it did not."""
    query = select(tracks.c.requested_at).where(
        tracks.c.email_id == email_id, tracks.c.state == TrackState.FAILED
    )
    at = connection.execute(query).scalar()
    return at if user_id in _pressed(connection, email_id) else None


def _pressed(connection: Connection, email_id: str) -> set[str]:
    """Who pressed *Track* on an email, first or later."""
    first = select(tracks.c.user_id).where(tracks.c.email_id == email_id)
    later = select(track_joins.c.user_id).where(track_joins.c.email_id == email_id)
    return set(connection.execute(first.union(later)).scalars())


def split_key(key: str) -> tuple[str, int]:
    """A workflow's key as (email id, attempt)."""
    email_id, _, attempt = key.rpartition("/")
    return email_id, int(attempt)


def _with_files(connection: Connection, rows: Sequence[Row[tuple[object, ...]]]) -> list[Track]:
    files: dict[str, dict[str, tuple[TrackState, str | None]]] = {row.email_id: {} for row in rows}
    if files:
        query = select(track_attachments).where(track_attachments.c.email_id.in_(files))
        for file in connection.execute(query):
            files[file.email_id][file.attachment_id] = (TrackState(file.state), file.cause)
    return [
        Track(
            email_id=row.email_id,
            state=TrackState(row.state),
            user_id=row.user_id,
            mailbox=row.mailbox,
            attempt=row.attempt,
            requested_at=row.requested_at,
            changed_at=row.changed_at,
            regarding=RecordRef(row.regarding_table, row.regarding_id) if row.regarding_id else None,
            cause=row.cause,
            email_activity_id=row.email_activity_id,
            files=files[row.email_id],
        )
        for row in rows
    ]
