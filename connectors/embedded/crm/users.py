"""Users of the CRM with their roles, their mailbox's state, and how many could read what one owns."""

from collections import defaultdict
from dataclasses import replace

from sqlalchemy import Connection, func, select

from connectors.embedded.crm.access import root_unit_id, units_below
from connectors.embedded.crm.roles import USUAL_ROLE, read_grants
from connectors.embedded.crm.row import StoredRow
from connectors.embedded.crm.rows import COLUMNS, read_rows, stored_row
from connectors.embedded.crm.schema import Schema
from connectors.embedded.crm.tables import addresses, lookups, principals, rows
from connectors.embedded.crm.values import as_id
from insights.crm.depths import may_read
from insights.crm.mailboxes import read_state
from insights.mail.addresses import MailboxKey, mailbox_key, relation_key
from insights.model import MailboxState, RecordRef, User

ENABLED, DISABLED = 0, 1


def find_user(connection: Connection, id_or_email: str) -> User | None:
    """An enabled user with roles and privileges."""
    row = _user_row(connection, id_or_email)
    if row is None:
        return None
    roles = roles_of(connection, [row.id])[row.id]
    object_id = row.text("azureactivedirectoryobjectid").lower()
    user = User(row.id, row.name, row.text("internalemailaddress"), roles, object_id=object_id)
    return replace(user, privileges=read_grants(connection).privileges(roles))


def all_users(connection: Connection) -> list[User]:
    """All enabled users with their roles, without privileges."""
    enabled = select(*COLUMNS).where(rows.c.table_name == "systemuser", rows.c.state == ENABLED)
    found = [stored_row(row) for row in connection.execute(enabled.order_by(rows.c.name_key, rows.c.id))]
    roles = roles_of(connection)
    return [
        User(
            row.id,
            row.name,
            row.text("internalemailaddress"),
            roles[row.id],
            object_id=row.text("azureactivedirectoryobjectid").lower(),
        )
        for row in found
    ]


def find_user_id(connection: Connection, object_id: str) -> str | None:
    """The enabled user with this Entra object id."""
    column = rows.c.attributes["azureactivedirectoryobjectid"].as_string()
    statement = select(rows.c.id).where(
        rows.c.table_name == "systemuser", rows.c.state == ENABLED, func.lower(column) == object_id.lower()
    )
    return connection.execute(statement.order_by(rows.c.created_at, rows.c.id).limit(1)).scalar()


def roles_of(connection: Connection, user_ids: list[str] | None = None) -> defaultdict[str, tuple[str, ...]]:
    """Role names of these users or of all; a user without any is a Salesperson."""
    who, what = lookups.alias(), lookups.alias()
    statement = (
        select(who.c.target_id, rows.c.name)
        .join(what, (what.c.table_name == who.c.table_name) & (what.c.row_id == who.c.row_id))
        .join(rows, (rows.c.table_name == what.c.target_table) & (rows.c.id == what.c.target_id))
        .where(
            who.c.table_name == "systemuserroles",
            who.c.column_name == "systemuserid",
            what.c.column_name == "roleid",
        )
        .order_by(rows.c.name)
    )
    if user_ids is not None:
        statement = statement.where(who.c.target_id.in_(user_ids))
    found: defaultdict[str, tuple[str, ...]] = defaultdict(lambda: (USUAL_ROLE,))
    for user_id, role in connection.execute(statement):
        found[user_id] = tuple(dict.fromkeys((*found.get(user_id, ()), role)))
    return found


def mailbox_state(connection: Connection, user_id: str) -> MailboxState:
    """What the user's row of `mailbox` says; without one: server-side sync, approved, tested."""
    row = _mailbox_row(connection, user_id)
    if row is None:
        return MailboxState()
    method, status, approval, by_admin = (
        row.attributes.get(name)
        for name in (
            "incomingemaildeliverymethod",
            "incomingemailstatus",
            "emailrouteraccessapproval",
            "isemailaddressapprovedbyo365admin",
        )
    )
    return read_state(method, status, approval, by_admin)


def find_readers(connection: Connection, schema: Schema, owner_id: str, table: str) -> frozenset[str]:
    """The enabled users whom the read rule of `access` lets read a row of this table and owner."""
    statement = (
        select(rows.c.id, principals.c.business_unit_id)
        .join(principals, principals.c.id == rows.c.id)
        .where(rows.c.table_name == "systemuser", rows.c.state == ENABLED)
    )
    root_id = root_unit_id(connection)
    users = {user_id: unit_id or root_id for user_id, unit_id in connection.execute(statement)}
    owner_unit_id = users.get(owner_id, root_id)
    roles, grants = roles_of(connection), read_grants(connection)
    depth_of = {held: grants.depths(schema, held).of(table) for held in {roles[user] for user in users}}
    above = {unit: owner_unit_id in units_below(connection, unit) for unit in set(users.values())}

    return frozenset(
        user_id
        for user_id, unit in users.items()
        if may_read(
            depth_of[roles[user_id]],
            is_owner=user_id == owner_id,
            is_same_unit=unit == owner_unit_id,
            is_above=above[unit],
        )
    )


def user_names(connection: Connection, user_ids: set[str]) -> dict[str, str]:
    """Names of users by id, disabled ones too."""
    found = read_rows(connection, [RecordRef("systemuser", user_id) for user_id in user_ids])
    return {ref.id: row.name for ref, row in found.items()}


def _user_row(connection: Connection, id_or_email: str) -> StoredRow | None:
    statement = select(*COLUMNS).where(rows.c.table_name == "systemuser", rows.c.state == ENABLED)
    by_id = statement.where(rows.c.id == as_id(id_or_email))
    if found := connection.execute(by_id.limit(1)).one_or_none():
        return stored_row(found)
    if not (key := mailbox_key(id_or_email)):
        return None
    held = _holders(connection, "systemuser", "internalemailaddress", key)
    people = connection.execute(statement.where(rows.c.id.in_(held)).limit(2)).all()
    return stored_row(people[0]) if len(people) == 1 else None


def _holders(connection: Connection, table: str, column: str, key: MailboxKey) -> list[str]:
    """Ids of the rows that hold this whole address; the index only knows which may."""
    may = select(addresses.c.row_id, addresses.c.address).where(
        addresses.c.address_key == relation_key(key),
        addresses.c.table_name == table,
        addresses.c.column_name == column,
    )
    return [row_id for row_id, address in connection.execute(may) if mailbox_key(address) == key]


def _mailbox_row(connection: Connection, user_id: str) -> StoredRow | None:
    """The mailbox regarding the user, else the one with the user's address."""
    own = select(addresses.c.address).where(
        addresses.c.table_name == "systemuser",
        addresses.c.row_id == user_id,
        addresses.c.column_name == "internalemailaddress",
    )
    key = mailbox_key(connection.scalar(own) or "")
    regarding = select(lookups.c.row_id).where(
        lookups.c.target_id == user_id,
        lookups.c.target_table == "systemuser",
        lookups.c.table_name == "mailbox",
        lookups.c.column_name == "regardingobjectid",
    )
    same_address = _holders(connection, "mailbox", "emailaddress", key) if key else []
    for ids in (regarding, same_address):
        statement = select(*COLUMNS).where(rows.c.table_name == "mailbox", rows.c.id.in_(ids))
        found = connection.execute(statement.order_by(rows.c.state, rows.c.id).limit(1)).one_or_none()
        if found:
            return stored_row(found)
    return None
