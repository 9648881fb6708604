"""Who may do what with which row: privilege depths, business units, teams, shares.

An impersonated request may do what both the user and the application user may.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.standins.dataverse.errors import DataverseError, missing_privilege, missing_right
from tests.standins.dataverse.organization import Organization
from tests.standins.dataverse.privileges import RIGHTS, privilege_id, privilege_name
from tests.standins.dataverse.schema import Table
from tests.standins.dataverse.store import Ref, Row

NONE, BASIC, LOCAL, DEEP, GLOBAL = 0, 1, 2, 4, 8
PARENTS = {"activityparty": ("activityid",), "activitymimeattachment": ("objectid", "activityid")}
"""Tables whose rows are read and written by whom reads and writes the activity they belong to."""


@dataclass
class Rights:
    """What one user may do."""

    organization: Organization
    user_id: str
    depths: dict[str, int] = field(default_factory=dict)
    """Depth by privilege name."""
    team_ids: set[str] = field(default_factory=set)
    unit_id: str = ""
    units_below: set[str] = field(default_factory=set)

    def depth(self, right: str, table: Table) -> int:
        """How deep the user has a right on a table."""
        name = privilege_name(right, table)
        return self.depths.get(name, NONE) if name else GLOBAL

    def allows(self, right: str, row: Row) -> bool:
        """Whether the user has the right on this row."""
        parent = _parent(self.organization, row)
        if parent is not None:
            return self.allows("Read" if right == "Read" else "Write", parent)
        table = self.organization.schema.tables[row.table]
        depth = self.depth(right, table)
        if depth == NONE:
            return False
        return depth >= GLOBAL or self._owns(row, depth) or self._is_shared(right, row)

    def _owns(self, row: Row, depth: int) -> bool:
        owner = row.ref("ownerid")
        if owner is None or owner.id == self.user_id or owner.id in self.team_ids:
            return True
        units = self.units_below if depth >= DEEP else {self.unit_id}
        return depth >= LOCAL and unit_of(self.organization, owner) in units

    def _is_shared(self, right: str, row: Row) -> bool:
        principals = {self.user_id, *self.team_ids}
        for share in self.organization.store.rows("principalobjectaccess").values():
            if share.get("objectid") == row.id and share.get("principalid") in principals:
                mask = share.get("accessrightsmask")
                if isinstance(mask, int) and mask & RIGHTS[right]:
                    return True
        return False


@dataclass
class Caller:
    """Who a request acts as, and by whom it was sent."""

    organization: Organization
    user_id: str
    app_user_id: str
    rights: list[Rights]

    @property
    def is_impersonated(self) -> bool:
        """Whether the application acts for somebody else."""
        return self.user_id != self.app_user_id

    def allows(self, right: str, row: Row) -> bool:
        """Whether everybody involved has the right on the row."""
        return all(rights.allows(right, row) for rights in self.rights)

    def require_privilege(self, right: str, table: Table) -> None:
        """Raise the service's 403 unless a role grants the privilege at some depth."""
        for rights in self.rights:
            if rights.depth(right, table) == NONE:
                raise self._missing(right, table)

    def require(self, right: str, row: Row) -> None:
        """Raise the service's 403 unless the right on the row is there."""
        table = self.organization.schema.tables[row.table]
        self.require_privilege(right, table)
        if not self.allows(right, row):
            raise missing_right(self.user_id, right, row.table, row.id)

    def _missing(self, right: str, table: Table) -> DataverseError:
        name = privilege_name(right, table)
        return missing_privilege(self.user_id, name, privilege_id(name), table.name)


def read_rights(organization: Organization, user_id: str) -> Rights:
    """A user's rights as roles, teams and business units stand now."""
    user = Ref("systemuser", user_id)
    teams = {str(row.get("teamid")) for row in _members(organization, user_id)}
    role_ids = set(_role_ids(organization, user_id, teams))
    unit = unit_of(organization, user)
    return Rights(
        organization, user_id, _depths(organization, role_ids), teams, unit, _units_below(organization, unit)
    )


def unit_of(organization: Organization, principal: Ref) -> str:
    """The business unit of a user or team; who has none is in the root."""
    row = organization.find(principal)
    unit = row.ref("businessunitid") if row else None
    return unit.id if unit else organization.root_unit_id


def role_names(organization: Organization, user_id: str) -> list[str]:
    """Names of the roles a user has directly."""
    ids = _role_ids(organization, user_id, set())
    return [organization.name_of(Ref("role", role_id)) for role_id in ids]


def _members(organization: Organization, user_id: str) -> Iterator[Row]:
    rows = organization.store.rows("teammembership").values()
    return (row for row in rows if row.get("systemuserid") == user_id)


def _role_ids(organization: Organization, user_id: str, teams: set[str]) -> Iterator[str]:
    for row in organization.store.rows("systemuserroles").values():
        if row.get("systemuserid") == user_id:
            yield str(row.get("roleid"))
    for row in organization.store.rows("teamroles").values():
        if row.get("teamid") in teams:
            yield str(row.get("roleid"))


def _depths(organization: Organization, role_ids: set[str]) -> dict[str, int]:
    depths: dict[str, int] = {}
    for row in organization.store.rows("roleprivileges").values():
        mask = row.get("privilegedepthmask")
        if row.get("roleid") in role_ids and isinstance(mask, int):
            name = organization.name_of(Ref("privilege", str(row.get("privilegeid"))))
            depths[name] = max(mask, depths.get(name, NONE))
    return depths


def _units_below(organization: Organization, top: str) -> set[str]:
    found, fresh = {top}, {top}
    units = organization.store.rows("businessunit").values()
    while fresh:
        below = {
            row.id for row in units if (parent := row.ref("parentbusinessunitid")) and parent.id in fresh
        }
        fresh = below - found
        found |= fresh
    return found


def _parent(organization: Organization, row: Row) -> Row | None:
    for column in PARENTS.get(row.table, ()):
        ref = row.ref(column)
        if ref:
            return organization.find(ref)
    return None
