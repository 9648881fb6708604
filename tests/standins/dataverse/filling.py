"""Fills an organisation with rows as files hold them: text by entity set, typed by the schema.

A lookup is an id with its table beside it (`customeridtype`), or one that only one table has. What every
organisation has (the row of `organizations`, a root business unit, built-in roles with their privileges,
the application user) is there from the start; a user without a role gets *Salesperson*, one without an
Entra object id gets one.
"""

from collections.abc import Mapping, Sequence
from uuid import uuid4

from connectors.embedded.crm.roles import BUILT_IN_ROLES
from tests.standins.dataverse.cells import read_cell
from tests.standins.dataverse.completing import complete_privileges, complete_users, grant, yield_root
from tests.standins.dataverse.derived import derive
from tests.standins.dataverse.organization import (
    ADMINISTRATOR,
    BLOCKED,
    UPLOAD_LIMIT,
    Organization,
    stable_id,
)
from tests.standins.dataverse.privileges import privilege_id
from tests.standins.dataverse.schema import Table
from tests.standins.dataverse.store import Value
from tests.standins.dataverse.values import read_guid

Rows = Mapping[str, Sequence[Mapping[str, str]]]
ORDER = ("organization", "businessunit", "role", "privilege", "team", "systemuser")
"""Tables that others lean on, first."""
RENAMED = {"activitymimeattachment": {"activityid": "objectid"}}
NON_INTERACTIVE = "4"


def bootstrap(organization: Organization) -> None:
    """Write what every organisation has."""
    fill(organization, {
        "organization": [{"organizationid": organization.organization_id, "name": "Ours",
                          "maxuploadfilesize": str(UPLOAD_LIMIT), "blockedattachments": BLOCKED}],
        "businessunit": [{"businessunitid": organization.root_unit_id, "name": "Ours"}],
        "role": [{"roleid": stable_id("role", name), "name": name} for name in BUILT_IN_ROLES],
        "systemuser": [{
            "systemuserid": organization.app_user_id, "fullname": "# Liaison", "firstname": "#",
            "lastname": "Liaison", "applicationid": stable_id("app", "liaison"),
            "accessmode": NON_INTERACTIVE, "isdisabled": "false",
        }],
        "systemuserroles": [{"systemuserid": organization.app_user_id,
                             "roleid": stable_id("role", ADMINISTRATOR)}],
    })  # fmt: skip


def fill(organization: Organization, world: Rows) -> None:
    """Add rows by entity set or logical name; a row whose id is known changes the columns given."""
    tables = {organization.schema.named(name).name: rows for name, rows in world.items()}
    for name in sorted(tables, key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER)):
        for cells in tables[name]:
            _FILLERS.get(name, _fill_row)(organization, organization.schema.tables[name], cells)
    if tables.keys() & {"businessunit"}:
        yield_root(organization)
    complete_privileges(organization)
    if "systemuser" in tables:
        complete_users(organization)


def _fill_row(organization: Organization, table: Table, cells: Mapping[str, str]) -> None:
    renamed = RENAMED.get(table.name, {})
    cells = {renamed.get(name, name): text for name, text in cells.items()}
    key = cells.get(table.primary_id) or _natural_key(table, cells)
    row_id = read_guid(key)
    old = organization.store.find(table.name, row_id)
    values: dict[str, Value] = dict(old.values) if old else _defaults(organization, table)
    for name, text in cells.items():
        column = table.columns.get(name)
        if column is not None and column.type != "EntityName":
            values[name] = read_cell(organization, column, cells, text)
    values[table.primary_id] = row_id
    if table.name == "activitymimeattachment":
        values |= _attached(values)
    derive(organization, table, values, {name for name in cells if cells[name]})
    organization.store.put(table.name, row_id, values)


def _natural_key(table: Table, cells: Mapping[str, str]) -> str:
    if table.name in {"systemuserroles", "roleprivileges", "teammembership", "teamroles"}:
        return stable_id(table.name, ",".join(str(text) for text in sorted(cells.values())))
    return str(uuid4())


def _defaults(organization: Organization, table: Table) -> dict[str, Value]:
    now = organization.now()
    values: dict[str, Value] = {"createdon": now, "modifiedon": now, "statecode": 0, "statuscode": 1}
    if table.name == "systemuser":
        values |= {"isdisabled": False, "accessmode": 0}
    return {name: value for name, value in values.items() if name in table.columns}


def _attached(values: Mapping[str, Value]) -> dict[str, Value]:
    body = values.get("body")
    size = len(body.rstrip("=")) * 3 // 4 if isinstance(body, str) else 0
    return {"filesize": size, "objecttypecode": "email", "isfollowed": False}


def _fill_grant(organization: Organization, table: Table, cells: Mapping[str, str]) -> None:
    """A row of roleprivileges, whose privilege may be named instead of identified."""
    named = cells["privilegeid"]
    privilege = privilege_id(named) if named.startswith("prv") else read_guid(named)
    depth = int(cells.get("privilegedepthmask") or 8)
    grant(organization, read_guid(cells["roleid"]), privilege, depth)


def _fill_role(organization: Organization, table: Table, cells: Mapping[str, str]) -> None:
    """A role; one of a built-in's name takes its place."""
    ours = stable_id("role", cells.get("name", ""))
    if ours != read_guid(cells["roleid"]) and organization.store.find("role", ours):
        organization.store.remove("role", ours)
        for row in list(organization.store.rows("roleprivileges").values()):
            if row.get("roleid") == ours:
                organization.store.remove("roleprivileges", row.id)
        for row in list(organization.store.rows("systemuserroles").values()):
            if row.get("roleid") == ours:
                organization.store.put(
                    row.table, row.id, {**row.values, "roleid": read_guid(cells["roleid"])}
                )
    _fill_row(organization, table, cells)


def _fill_share(organization: Organization, table: Table, cells: Mapping[str, str]) -> None:
    """A share, whose types are text here and no lookups."""
    row_id = stable_id("share", cells["principalid"] + cells["objectid"])
    values: dict[str, Value] = {
        "principalobjectaccessid": row_id,
        "principalid": read_guid(cells["principalid"]),
        "principaltypecode": cells.get("principalidtype", "systemuser"),
        "objectid": read_guid(cells["objectid"]),
        "objecttypecode": cells.get("objectidtype", ""),
        "accessrightsmask": int(cells.get("accessrightsmask", "1")),
    }
    organization.store.put(table.name, row_id, values)


def _fill_settings(organization: Organization, table: Table, cells: Mapping[str, str]) -> None:
    """There is one organisation: whatever the id, it is its settings that change."""
    _fill_row(organization, table, {**cells, "organizationid": organization.organization_id})


_FILLERS = {
    "organization": _fill_settings,
    "role": _fill_role,
    "roleprivileges": _fill_grant,
    "principalobjectaccess": _fill_share,
}
