"""Columns that the service computes from others."""

from connectors.embedded.crm.schema import TYPE_CODES
from tests.standins.dataverse.access import unit_of
from tests.standins.dataverse.organization import Organization
from tests.standins.dataverse.schema import Table
from tests.standins.dataverse.store import Ref, Value

CODES = {name: int(code) for code, name in TYPE_CODES.items()}


def derive(organization: Organization, table: Table, values: dict[str, Value], changed: set[str]) -> None:
    """Set what follows from the values of a row of which `changed` was just written."""
    if "fullname" in table.columns and changed & {"firstname", "lastname"}:
        names = [values.get("firstname"), values.get("lastname")]
        values["fullname"] = " ".join(str(name).strip() for name in names if name) or None
    if "ownerid" in table.columns and "owningbusinessunit" in table.columns:
        _derive_owner(organization, table, values)
    if table.name == "connection":
        _derive_connection(organization, values)
    if table.is_activity:
        values["activitytypecode"] = table.name


def _derive_owner(organization: Organization, table: Table, values: dict[str, Value]) -> None:
    owner = values.get("ownerid")
    if not isinstance(owner, Ref):
        return
    unit = unit_of(organization, owner)
    is_team = owner.table == "team"
    found: dict[str, Value] = {
        "owningbusinessunit": Ref("businessunit", unit),
        "owninguser": None if is_team else owner,
        "owningteam": owner if is_team else None,
    }
    values.update({name: value for name, value in found.items() if name in table.columns})


def _derive_connection(organization: Organization, values: dict[str, Value]) -> None:
    for side in ("record1", "record2"):
        ref = values.get(f"{side}id")
        if isinstance(ref, Ref):
            values[f"{side}objecttypecode"] = CODES.get(ref.table)
            if side == "record2":
                values["name"] = organization.name_of(ref) or None
