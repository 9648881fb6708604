"""What an organisation has without anybody saying so: a root unit, privileges of roles, roles of users."""

from connectors.embedded.crm.roles import USUAL_ROLE
from tests.standins.dataverse.organization import Organization, stable_id
from tests.standins.dataverse.privileges import all_privileges, privilege_id, usual_depth
from tests.standins.dataverse.store import Ref, Value


def entra_id(user_id: str) -> str:
    """The Entra object id that a user without one is given."""
    return stable_id("entra", user_id)


def grant(organization: Organization, role_id: str, grant_id: str, depth: int) -> None:
    """Give a role a privilege at a depth."""
    values: dict[str, Value] = {"roleid": role_id, "privilegeid": grant_id, "privilegedepthmask": depth}
    row_id = stable_id("roleprivileges", f"{role_id}{grant_id}")
    organization.store.put("roleprivileges", row_id, {"roleprivilegeid": row_id} | values)


def yield_root(organization: Organization) -> None:
    """Another root business unit takes the place of ours, with the people in it."""
    ours = organization.root_unit_id
    units = organization.store.rows("businessunit").values()
    roots = [row.id for row in units if row.ref("parentbusinessunitid") is None and row.id != ours]
    if not roots:
        return
    organization.root_unit_id = roots[0]
    organization.store.remove("businessunit", ours)
    for table in ("systemuser", "team"):
        for row in list(organization.store.pointing_at(Ref("businessunit", ours), table, "businessunitid")):
            unit = Ref("businessunit", roots[0])
            organization.store.put(table, row.id, {**row.values, "businessunitid": unit})


def complete_privileges(organization: Organization) -> None:
    """Every privilege has a row, and every role grants what it usually does."""
    store = organization.store
    known = store.rows("privilege")
    granted = {(row.get("roleid"), row.get("privilegeid")) for row in store.rows("roleprivileges").values()}
    privileges = list(all_privileges(organization.schema))
    for name, right in privileges:
        row_id = privilege_id(name)
        if row_id not in known:
            store.put("privilege", row_id, {"privilegeid": row_id, "name": name, "accessright": right})
    for role in list(store.rows("role").values()):
        for name, _ in privileges:
            depth = usual_depth(role.text("name"), name)
            if depth and (role.id, privilege_id(name)) not in granted:
                grant(organization, role.id, privilege_id(name), depth)


def complete_users(organization: Organization) -> None:
    """Every user is in a business unit, has a role and an Entra object id."""
    store = organization.store
    roles = {row.text("name"): row.id for row in store.rows("role").values()}
    with_role = {row.get("systemuserid") for row in store.rows("systemuserroles").values()}
    for user in list(store.rows("systemuser").values()):
        values = dict(user.values)
        values["businessunitid"] = user.ref("businessunitid") or Ref(
            "businessunit", organization.root_unit_id
        )
        values["azureactivedirectoryobjectid"] = user.get("azureactivedirectoryobjectid") or entra_id(user.id)
        if values != user.values:
            store.put("systemuser", user.id, values)
        if user.id not in with_role:
            row_id = stable_id("systemuserroles", user.id)
            given: dict[str, Value] = {"systemuserroleid": row_id, "systemuserid": user.id,
                                       "roleid": roles[USUAL_ROLE]}  # fmt: skip
            store.put("systemuserroles", row_id, given)
