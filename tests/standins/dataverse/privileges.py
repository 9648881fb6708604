"""Privileges by name: which there are, their ids, and what the built-in roles grant how deep."""

from collections.abc import Iterator

from connectors.embedded.crm.roles import BUILT_IN_ROLES
from insights.crm.depths import CARD_PRIVILEGES, LOCAL
from tests.standins.dataverse import extra_schema
from tests.standins.dataverse.organization import ADMINISTRATOR, stable_id
from tests.standins.dataverse.schema import Schema, Table

RIGHTS = {
    "Read": 1,
    "Write": 2,
    "Append": 4,
    "AppendTo": 16,
    "Create": 32,
    "Delete": 65536,
    "Share": 262144,
    "Assign": 524288,
}
"""Access rights with their bits, in the order in which the service writes them."""
DEPTH_NAMES = {1: "Basic", 2: "Local", 4: "Deep", 8: "Global"}
BUILT_IN_DEPTHS = {name.casefold(): depth for name, depth in BUILT_IN_ROLES.items()}
OWN_ROLES_LACK = frozenset(name.casefold() for name in CARD_PRIVILEGES)


def privilege_name(right: str, table: Table) -> str:
    """`prvReadAccount`, "" for a table without privileges of its own."""
    return f"prv{right}{table.privilege}" if table.privilege else ""


def privilege_id(name: str) -> str:
    """The GUID of a privilege."""
    return stable_id("privilege", name)


def all_privileges(schema: Schema) -> Iterator[tuple[str, int]]:
    """Name and access-right bit of every privilege."""
    seen: set[str] = set()
    for table in schema.tables.values():
        for right, bit in RIGHTS.items():
            name = privilege_name(right, table)
            if name and name not in seen:
                seen.add(name)
                yield name, bit
    yield from ((name, 0) for name in extra_schema.OTHER_PRIVILEGES)


def usual_depth(role: str, privilege: str) -> int:
    """How deep a role grants a privilege unless its rows say otherwise, 0 for not at all."""
    depth = BUILT_IN_DEPTHS.get(role.casefold())
    if privilege in extra_schema.OTHER_PRIVILEGES:
        return 8 if role.casefold() == ADMINISTRATOR.casefold() else 0
    if depth is None:
        return 0 if privilege.casefold() in OWN_ROLES_LACK else LOCAL
    return depth
