"""Writes and finds email activities: one row per Internet Message-ID, whoever comes first."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import select

from connectors.embedded.crm.about import read_about
from connectors.embedded.crm.access import Access
from connectors.embedded.crm.row import StoredRow, chunks, clean, message_key
from connectors.embedded.crm.rows import read_row, read_rows
from connectors.embedded.crm.tables import addresses, contents, lookups, message_ids, rows
from connectors.embedded.crm.users import user_names
from connectors.embedded.crm.writing import delete_rows, insert_row, write_rows
from insights.crm.activities import BCC, CC, COMPLETED, DRAFT, OPEN, RECEIVED, SENDER, SENT, TO
from insights.crm.tables import HOLDERS
from insights.errors import Conflict, NotAllowed
from insights.mail.addresses import RelationKey, mailbox_key, relation_key
from insights.model import EmailDraft, RecordRef, TrackedEmail

USER = "systemuser"
PARTY_TABLES = (USER, *HOLDERS)
"""What an address is resolved to, in this order."""


def create_email(access: Access, draft: EmailDraft, now: datetime) -> TrackedEmail:
    """Create the open email activity, or return the row that has its id or Message-ID."""
    existing = _existing(access, draft)
    if existing:
        return existing
    if draft.regarding:
        access.require(draft.regarding)
    email = _email_row(access, draft, now)
    if not insert_row(access.connection, access.schema, email):
        taken = _existing(access, draft)
        if taken is None:
            raise Conflict("tracked_meanwhile")
        return taken
    write_rows(access.connection, access.schema, list(_parties(access, draft, now)), set())
    return _tracked(access, [email])[email.id]


def find_emails(access: Access, internet_message_ids: Sequence[str]) -> dict[str, TrackedEmail]:
    """Email activities by Message-ID, also those the user may not read."""
    keys = {message_id: message_key(message_id) for message_id in internet_message_ids if message_id.strip()}
    ids: dict[str, str] = {}
    for chunk in chunks(set(keys.values())):
        statement = select(message_ids).where(message_ids.c.message_key.in_(chunk))
        ids |= {found.message_key: found.email_id for found in access.connection.execute(statement)}
    refs = [RecordRef("email", email_id) for email_id in ids.values()]
    tracked = _tracked(access, list(read_rows(access.connection, refs).values()))
    return {message_id: tracked[ids[key]] for message_id, key in keys.items() if ids.get(key) in tracked}


def complete_email(access: Access, email_id: str, now: datetime) -> None:
    """Set the email sent or received; a completed one stays as it is."""
    email = access.require(RecordRef("email", email_id))
    if email.state != OPEN:
        return
    email.state = COMPLETED
    email.attributes["statuscode"] = SENT if email.attributes.get("directioncode") else RECEIVED
    _save(access, email, now)


def set_regarding(access: Access, email_id: str, regarding: RecordRef | None, now: datetime) -> None:
    """Change what the email is about, None for nothing."""
    email = access.require(RecordRef("email", email_id))
    if regarding == email.lookup("regardingobjectid"):
        return
    email.attributes.pop("regardingobjectid", None)
    if regarding:
        access.require(regarding)
        email.attributes["regardingobjectid"] = [regarding.table, regarding.id]
    _save(access, email, now)


def link_email(access: Access, email_id: str, ref: RecordRef, now: datetime) -> None:
    """Connect the email to a record; twice is once."""
    email, target = access.require(RecordRef("email", email_id)), access.require(ref)
    name = f"email:{email_id}:{ref.table}:{ref.id}"
    connected = StoredRow("connection", str(uuid5(NAMESPACE_URL, name)), target.name, now, now, {
        "record1id": ["email", email.id],
        "record2id": [target.table, target.id],
        "ownerid": ["systemuser", access.user.id],
        "statuscode": 1,
    }, created_by_id=access.user.id, modified_by_id=access.user.id)  # fmt: skip
    insert_row(access.connection, access.schema, connected)


def delete_email(access: Access, email_id: str) -> None:
    """Delete the email with its parties, files and links, unless others added to it."""
    email = access.require(RecordRef("email", email_id))
    if access.user.id != email.created_by_id and not access.user.is_admin:
        raise NotAllowed("not_yours.tracked")
    children = _children(access, email.ref)
    authors = {row.created_by_id for row in children} | {email.modified_by_id}
    if authors - {email.created_by_id, access.user.id, None}:
        raise Conflict("others_added.row")
    for chunk in chunks(row.id for row in children):
        access.connection.execute(contents.delete().where(contents.c.attachment_id.in_(chunk)))
    delete_rows(access.connection, [row.ref for row in children] + [email.ref])


def _children(access: Access, email: RecordRef) -> list[StoredRow]:
    """Parties, files and connections of the email."""
    statement = select(lookups.c.table_name, lookups.c.row_id).where(
        lookups.c.target_id == email.id,
        lookups.c.target_table.in_(("activitypointer", "email")),
        lookups.c.table_name.in_(("activityparty", "activitymimeattachment", "connection")),
    )
    refs = {RecordRef(*found) for found in access.connection.execute(statement)}
    return list(read_rows(access.connection, refs).values())


def _save(access: Access, email: StoredRow, now: datetime) -> None:
    email.modified_at, email.modified_by_id = now, access.user.id
    write_rows(access.connection, access.schema, [email], {email.ref})


def _existing(access: Access, draft: EmailDraft) -> TrackedEmail | None:
    by_id = read_row(access.connection, "email", draft.email_id)
    if by_id:
        return _tracked(access, [by_id])[by_id.id]
    message_id = draft.message.internet_message_id
    return find_emails(access, [message_id]).get(message_id)


def _tracked(access: Access, emails: Sequence[StoredRow]) -> dict[str, TrackedEmail]:
    """Emails as tracking sees them; what an unreadable one is about stays unsaid."""
    visible = access.find_all([email.ref for email in emails])
    about = read_about(access, list(visible.values()))
    names = user_names(access.connection, {_tracker_id(email) for email in emails})
    return {
        email.id: TrackedEmail(
            email_activity_id=email.id,
            internet_message_id=email.text("messageid"),
            tracked_by_id=_tracker_id(email),
            tracked_by_name=names.get(_tracker_id(email), ""),
            tracked_at=email.created_at,
            regarding=about[email.id].regarding if email.ref in visible else None,
            is_complete=email.state == COMPLETED,
            readable=email.ref in visible,
            links=about[email.id].links if email.ref in visible else (),
        )
        for email in emails
    }


def _tracker_id(email: StoredRow) -> str:
    return email.created_by_id or email.owner_id or ""


def _email_row(access: Access, draft: EmailDraft, now: datetime) -> StoredRow:
    message, user_id = draft.message, access.user.id
    sent_at = message.at.astimezone(UTC).isoformat()
    attributes: dict[str, Any] = {
        "description": clean(draft.body.html),
        "directioncode": draft.direction == "outgoing",
        "messageid": clean(message.internet_message_id.strip()),
        "sender": clean(message.sender),
        "emailsendername": clean(message.sender_name),
        "torecipients": clean(";".join(message.to)),
        "actualend": sent_at,
        "senton": sent_at,
        "statuscode": DRAFT,
        "ownerid": ["systemuser", user_id],
    }
    if message.in_reply_to:
        attributes["inreplyto"] = clean(message.in_reply_to)
    if draft.regarding:
        attributes["regardingobjectid"] = [draft.regarding.table, draft.regarding.id]
    return StoredRow(
        "email", draft.email_id, clean(message.subject), now, now, attributes,
        created_by_id=user_id, modified_by_id=user_id,
    )  # fmt: skip


def _parties(access: Access, draft: EmailDraft, now: datetime) -> Iterator[StoredRow]:
    message = draft.message
    parts = {SENDER: [message.sender, *message.authors], TO: message.to, CC: message.cc, BCC: message.bcc}
    listed = [(mask, address) for mask, found in parts.items() for address in found if address]
    known = resolve_addresses(access, [address for _, address in listed])
    for number, (mask, address) in enumerate(listed):
        party = known.get(address)
        name = party.name if party else message.sender_name if address == message.sender else ""
        attributes: dict[str, Any] = {
            "activityid": ["activitypointer", draft.email_id],
            "participationtypemask": mask,
            "addressused": clean(address),
        }
        if party:
            attributes["partyid"] = [party.table, party.id]
        party_id = str(uuid5(NAMESPACE_URL, f"party:{draft.email_id}:{number}"))
        in_order = now + timedelta(microseconds=number)
        yield StoredRow("activityparty", party_id, clean(name), in_order, in_order, attributes,
                        created_by_id=access.user.id)  # fmt: skip


def resolve_addresses(access: Access, wanted: Sequence[str]) -> dict[str, StoredRow]:
    """Whom addresses belong to: the user of the whole address, else a readable contact, lead or account."""
    by_key: defaultdict[RelationKey, list[str]] = defaultdict(list)
    for address in dict.fromkeys(wanted):
        by_key[relation_key(address)].append(address)
    refs: dict[RecordRef, list[str]] = {}
    for chunk in chunks(key for key in by_key if key):
        statement = (
            select(addresses.c.table_name, addresses.c.row_id, addresses.c.address_key, addresses.c.address)
            .join(rows, (rows.c.table_name == addresses.c.table_name) & (rows.c.id == addresses.c.row_id))
            .where(addresses.c.address_key.in_(chunk), addresses.c.table_name.in_(PARTY_TABLES))
        )
        in_order = statement.order_by(rows.c.created_at, rows.c.id)
        for table, row_id, key, held in access.connection.execute(in_order):
            meant = refs.setdefault(RecordRef(table, row_id), [])
            meant += [each for each in by_key[key] if table != USER or mailbox_key(each) == mailbox_key(held)]
    found: dict[str, StoredRow] = {}
    readable = access.find_all(list(refs))
    for ref in sorted(readable, key=lambda ref: PARTY_TABLES.index(ref.table)):
        for address in refs[ref]:
            found.setdefault(address, readable[ref])
    return found
