"""How many could read what a user owns: all users with how deep they read activities, kept for minutes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connectors.dataverse.api import WebApi
from connectors.dataverse.query import Query
from connectors.dataverse.wire import Row
from insights.crm.conditions import Column, Compare, Every, In
from insights.crm.depths import NONE, may_read

USER_ID, TEAM_ID, ROLE_ID = (Column(f"{name}id", "guid") for name in ("systemuser", "team", "role"))
UNIT_ID, PARENT_UNIT = Column("businessunitid", "guid"), Column("parentbusinessunitid", "lookup")
USER_UNIT, ROOT_ROLE = Column("businessunitid", "lookup"), Column("parentrootroleid", "lookup")
DEPTH, PRIVILEGE_ID = Column("privilegedepthmask", "int"), Column("privilegeid", "guid")
PEOPLE = (0, 1, 2)
"""Access modes of people; others are the service's own and applications."""


@dataclass(frozen=True)
class Readers:
    """Enabled users with their business unit and how deep they read activities, and the tree of units."""

    units: Mapping[str, str]
    depths: Mapping[str, int]
    parents: Mapping[str, str]

    def of(self, owner_id: str) -> frozenset[str]:
        """Those of them who may read a row that this user owns."""
        owner_unit = self.units.get(owner_id, "")
        above = self._and_above(owner_unit)
        return frozenset(
            user_id for user_id, unit in self.units.items()
            if may_read(self.depths.get(user_id, NONE), is_owner=user_id == owner_id,
                        is_same_unit=unit == owner_unit, is_above=unit in above)
        )  # fmt: skip

    def _and_above(self, unit: str) -> set[str]:
        found: set[str] = set()
        while unit and unit not in found:
            found.add(unit)
            unit = self.parents.get(unit, "")
        return found


async def read_readers(api: WebApi, privilege: str) -> Readers:
    """Everybody's depth of a privilege, by own roles and those of teams; three round trips."""
    name = Query("privileges", [PRIVILEGE_ID], Compare(Column("name"), "eq", privilege))
    [found] = await api.all_rows([name], None)
    enabled = Every([Compare(Column("isdisabled", "bool"), "eq", value=False),
                     In(Column("accessmode", "int"), PEOPLE),
                     Compare(Column("applicationid", "guid"), "eq", None)])  # fmt: skip
    granted = [
        Query("roleprivilegescollection", [ROLE_ID, DEPTH], Compare(PRIVILEGE_ID, "eq", row["privilegeid"]))
        for row in found
    ]
    queries = [
        Query("systemusers", [USER_ID, USER_UNIT], enabled),
        Query("businessunits", [UNIT_ID, PARENT_UNIT]),
        Query("systemuserrolescollection", [USER_ID, ROLE_ID]),
        Query("teammemberships", [TEAM_ID, USER_ID]),
        Query("teamrolescollection", [TEAM_ID, ROLE_ID]),
        Query("roles", [ROLE_ID, ROOT_ROLE]),
        *granted,
    ]
    users, units, user_roles, members, team_roles, roles, *grants = await api.all_rows(
        queries, None, all_pages=True
    )
    depth_of = _depths([row for rows in grants for row in rows], roles)
    return Readers(
        units={str(row["systemuserid"]): str(row[USER_UNIT.property] or "") for row in users},
        depths=_user_depths(depth_of, user_roles, members, team_roles),
        parents={str(row["businessunitid"]): str(row[PARENT_UNIT.property] or "") for row in units},
    )


def _depths(grants: Sequence[Row], roles: Sequence[Row]) -> dict[str, int]:
    """By role; a business unit's copy of a role grants what the role it was copied from does."""
    own: dict[str, int] = {}
    for row in grants:
        role = str(row["roleid"])
        own[role] = max(int(row["privilegedepthmask"] or NONE), own.get(role, NONE))
    copies = {str(row["roleid"]): own.get(str(row.get(ROOT_ROLE.property)), NONE) for row in roles}
    return {role: max(own.get(role, NONE), copies.get(role, NONE)) for role in {*own, *copies}}


def _user_depths(
    depth_of: Mapping[str, int], user_roles: Sequence[Row], members: Sequence[Row], team_roles: Sequence[Row]
) -> dict[str, int]:
    by_team: dict[str, int] = {}
    for row in team_roles:
        team = str(row["teamid"])
        by_team[team] = max(by_team.get(team, NONE), depth_of.get(str(row["roleid"]), NONE))
    found = [(str(row["systemuserid"]), depth_of.get(str(row["roleid"]), NONE)) for row in user_roles]
    found += [(str(row["systemuserid"]), by_team.get(str(row["teamid"]), NONE)) for row in members]
    depths: dict[str, int] = {}
    for user_id, depth in found:
        depths[user_id] = max(depths.get(user_id, NONE), depth)
    return depths
