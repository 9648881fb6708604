"""What an empty CRM starts with: the organisation, its root business unit, the built-in roles."""

from datetime import datetime
from uuid import UUID, uuid4, uuid5

from sqlalchemy import Connection, func, select

from connectors.embedded.crm.access import is_root_unit
from connectors.embedded.crm.roles import BUILT_IN_ROLES
from connectors.embedded.crm.row import StoredRow
from connectors.embedded.crm.schema import Schema
from connectors.embedded.crm.tables import lookups, rows
from connectors.embedded.crm.writing import count_change, delete_rows, write_rows
from insights.model import RecordRef

ORGANIZATION_NAME = "My organisation"
ROOT_UNIT_NAME = "Root business unit"


def read_organization_id(connection: Connection) -> str | None:
    """The organisation's UUID, None before the first start."""
    return connection.execute(select(rows.c.id).where(rows.c.table_name == "organization")).scalar()


def ensure_defaults(connection: Connection, schema: Schema, now: datetime) -> str:
    """Write the defaults unless they are there; returns the organisation's id."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtext("liaison crm defaults"))))
    organization_id = read_organization_id(connection)
    if organization_id is None:
        count_change(connection)
        organization_id = str(uuid4())
        unit = _default_unit_id(organization_id)
        batch = [
            StoredRow("organization", organization_id, ORGANIZATION_NAME, now, now),
            StoredRow("businessunit", unit, ROOT_UNIT_NAME, now, now),
            *(StoredRow("role", role_id, name, now, now)
              for name, role_id in default_role_ids(organization_id).items()),
        ]  # fmt: skip
        write_rows(connection, schema, batch, set())
    return organization_id


def yield_to_imported(connection: Connection, organization_id: str) -> None:
    """Remove defaults that imported rows replace: a root business unit, roles of the same name."""
    unit = RecordRef("businessunit", _default_unit_id(organization_id))
    ours = {RecordRef("role", role_id): name for name, role_id in default_role_ids(organization_id).items()}
    named = select(rows.c.name).where(rows.c.table_name == "role", rows.c.id.not_in([r.id for r in ours]))
    replaced = {name.casefold() for name in connection.execute(named).scalars()}
    leaving = [ref for ref, name in ours.items() if name.casefold() in replaced]
    if _has_other_root(connection, unit.id):
        leaving.append(unit)
    used = select(lookups.c.target_id).where(lookups.c.target_id.in_([ref.id for ref in leaving]))
    used_ids = set(connection.execute(used).scalars())
    delete_rows(connection, [ref for ref in leaving if ref.id not in used_ids])


def default_role_ids(organization_id: str) -> dict[str, str]:
    """Ids of the built-in roles by name."""
    space = UUID(organization_id)
    return {name: str(uuid5(space, f"role:{name}")) for name in BUILT_IN_ROLES}


def _default_unit_id(organization_id: str) -> str:
    return str(uuid5(UUID(organization_id), "businessunit:root"))


def _has_other_root(connection: Connection, unit_id: str) -> bool:
    other = select(rows.c.id).where(is_root_unit(), rows.c.id != unit_id)
    return connection.execute(other.limit(1)).first() is not None
