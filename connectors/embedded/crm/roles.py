"""Security roles: which are built in, what they grant, how deep they read."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from connectors.embedded.crm.schema import Schema
from connectors.embedded.crm.tables import lookups, rows
from insights.crm.depths import CARD_PRIVILEGES, GLOBAL, LOCAL, NONE

USUAL_ROLE = "Salesperson"
ADMINISTRATOR = "System Administrator"

BUILT_IN_ROLES = {
    ADMINISTRATOR: GLOBAL,
    "System Customizer": GLOBAL,
    "CEO-Business Manager": GLOBAL,
    "Vice President of Sales": GLOBAL,
    "Vice President of Marketing": GLOBAL,
    "Sales Manager": GLOBAL,
    "Salesperson": LOCAL,
    "CSR Manager": GLOBAL,
    "Customer Service Representative": LOCAL,
    "Marketing Manager": GLOBAL,
    "Marketing Professional": LOCAL,
    "Schedule Manager": LOCAL,
    "Scheduler": LOCAL,
    "Delegate": LOCAL,
}
"""Roles that every organisation starts with, and how deep each usually reads."""

_USUAL = {name.casefold(): depth for name, depth in BUILT_IN_ROLES.items()}
_PRIVILEGES = {name.casefold(): name for name in CARD_PRIVILEGES}


@dataclass(frozen=True, slots=True)
class Depths:
    """How deep somebody reads or writes: `usual`, but for the tables named."""

    usual: int
    by_table: dict[str, int] = field(default_factory=dict)

    def of(self, table: str) -> int:
        """How deep it goes for rows of that table."""
        return self.by_table.get(table, self.usual)


@dataclass(frozen=True, slots=True)
class Grants:
    """What rows of roleprivileges say, by role name (folded): privilege (folded) → depth."""

    by_role: dict[str, dict[str, int]]
    names: dict[str, str]

    def privileges(self, roles: Sequence[str]) -> frozenset[str]:
        """Privileges of somebody with these roles, built in and granted."""
        built_in = any(role.casefold() in _USUAL for role in roles)
        folded = {
            privilege
            for role in roles
            for privilege, depth in self.by_role.get(role.casefold(), {}).items()
            if depth
        }
        granted = frozenset(_PRIVILEGES.get(name, self.names[name]) for name in folded)
        return granted | frozenset(CARD_PRIVILEGES if built_in else ())

    def depths(self, schema: Schema, roles: Sequence[str], right: str = "read") -> Depths:
        """The deepest reading, or another right, that these roles allow, table by table."""
        usual = max(_usual(role) for role in roles)
        tables = {
            table.name: f"prv{right}{table.privilege}"
            for table in schema.tables.values()
            if any(f"prv{right}{table.privilege}" in self.by_role.get(role.casefold(), ()) for role in roles)
        }
        return Depths(
            usual,
            {
                table: max(
                    self.by_role.get(role.casefold(), {}).get(privilege, _usual(role)) for role in roles
                )
                for table, privilege in tables.items()
            },
        )


def read_grants(connection: Connection) -> Grants:
    """All of roleprivileges."""
    role = rows.alias()
    statement = (
        select(role.c.name, rows.c.attributes)
        .join(lookups, (lookups.c.table_name == rows.c.table_name) & (lookups.c.row_id == rows.c.id))
        .join(role, (role.c.table_name == lookups.c.target_table) & (role.c.id == lookups.c.target_id))
        .where(rows.c.table_name == "roleprivileges", lookups.c.column_name == "roleid")
    )
    by_role: dict[str, dict[str, int]] = {}
    names: dict[str, str] = {}
    for name, attributes in connection.execute(statement):
        privilege = str(attributes.get("privilegeid", ""))
        depth = attributes.get("privilegedepthmask")
        granted = by_role.setdefault(name.casefold(), {})
        names[privilege.casefold()] = privilege
        granted[privilege.casefold()] = max(
            GLOBAL if depth is None else int(depth), granted.get(privilege.casefold(), NONE)
        )
    return Grants(by_role, names)


def read_depths(connection: Connection, schema: Schema, roles: Sequence[str], right: str) -> Depths:
    """How deep somebody with these roles reads, writes or creates."""
    return read_grants(connection).depths(schema, roles or (USUAL_ROLE,), right)


def _usual(role: str) -> int:
    return _USUAL.get(role.casefold(), LOCAL)
