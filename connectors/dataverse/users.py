"""Users with roles and privileges, and how their mailboxes stand; read as the application itself."""

from collections.abc import Sequence
from dataclasses import replace

from connectors.dataverse.api import WebApi
from connectors.dataverse.faults import ServiceFault, raise_problem
from connectors.dataverse.query import Expand, Query
from connectors.dataverse.records import as_guid, text
from connectors.dataverse.spelling import searchable_mailbox
from connectors.dataverse.wire import Row
from insights.crm.conditions import Column, Compare, Condition, Every
from insights.crm.mailboxes import read_state
from insights.mail.addresses import MailboxKey, mailbox_key
from insights.model import MailboxState, User

USER_ID, FULL_NAME = Column("systemuserid", "guid"), Column("fullname")
ADDRESS, OBJECT_ID = Column("internalemailaddress"), Column("azureactivedirectoryobjectid", "guid")
DISABLED, CREATED_ON = Column("isdisabled", "bool"), Column("createdon", "time")
ROLE_NAME, TEAM_ID = Column("name"), Column("teamid", "guid")
ROLES = Expand("systemuserroles_association", [ROLE_NAME])
TEAMS = Expand("teammembership_association", [TEAM_ID], expand=[Expand("teamroles_association", [ROLE_NAME])])
PRIVILEGE_ID, PRIVILEGE_NAME = Column("privilegeid", "guid"), Column("name")
MAILBOX_ID, REGARDING = Column("mailboxid", "guid"), Column("regardingobjectid", "lookup")
MAILBOX_ADDRESS, MAILBOX_STATE = Column("emailaddress"), Column("statecode", "int")
METHOD, STATUS = Column("incomingemaildeliverymethod", "int"), Column("incomingemailstatus", "int")
APPROVAL = Column("emailrouteraccessapproval", "int")
APPROVED_BY_ADMIN = Column("isemailaddressapprovedbyo365admin", "bool")


class Users:
    """Users of the organisation by id, address or Entra object id."""

    def __init__(self, api: WebApi) -> None:
        self._api = api

    async def find(self, id_or_email: str) -> User | None:
        """An enabled user by `systemuserid` or address."""
        row_id, key = as_guid(id_or_email), searchable_mailbox(id_or_email.strip())
        if row_id:
            return await self._find(Compare(USER_ID, "eq", row_id))
        return await self._find(Compare(ADDRESS, "eq", key), key) if key else None

    async def find_by_object_id(self, object_id: str) -> User | None:
        """An enabled user by Entra object id."""
        row_id = as_guid(object_id)
        return await self._find(Compare(OBJECT_ID, "eq", row_id)) if row_id else None

    async def all(self) -> Sequence[User]:
        """All enabled users with their roles, without privileges."""
        enabled = Compare(DISABLED, "eq", value=False)
        columns = [USER_ID, FULL_NAME, ADDRESS, OBJECT_ID]
        query = Query("systemusers", columns, enabled, [FULL_NAME, USER_ID], expand=[ROLES, TEAMS])
        [rows] = await self._api.all_rows([query], None, all_pages=True)
        return [_user(row) for row in rows]

    async def addresses(self) -> Sequence[str]:
        """The main addresses of all users, disabled ones too."""
        query = Query("systemusers", [USER_ID, ADDRESS], order=[USER_ID])
        [rows] = await self._api.all_rows([query], None, all_pages=True)
        return [address for row in rows if (address := text(row, ADDRESS.name))]

    async def mailbox_state(self, user_id: str) -> MailboxState:
        """What the row of `mailbox` says that is the user's, else one with the user's address.

        Every user of an organisation has one; a row that is missing counts as ready.
        """
        row_id = as_guid(user_id)
        if not row_id:
            return MailboxState()
        columns = [MAILBOX_ID, REGARDING, MAILBOX_ADDRESS, METHOD, STATUS, APPROVAL, APPROVED_BY_ADMIN]
        user = Query("systemusers", [ADDRESS], Compare(USER_ID, "eq", row_id))
        own = Query("mailboxes", columns, Compare(REGARDING, "eq", row_id), [MAILBOX_STATE, MAILBOX_ID], 1)
        users, mailboxes = await self._api.all_rows([user, own], None)
        key = searchable_mailbox(text(users[0], ADDRESS.name)) if users else ""
        if not mailboxes and key:
            same = Compare(MAILBOX_ADDRESS, "eq", key)
            query = Query("mailboxes", columns, same, [MAILBOX_STATE, MAILBOX_ID])
            found = await self._api.rows(query, None)
            mailboxes = [row for row in found if mailbox_key(text(row, MAILBOX_ADDRESS.name)) == key]
        return _state(mailboxes[0]) if mailboxes else MailboxState()

    async def _find(self, who: Condition, key: MailboxKey | None = None) -> User | None:
        condition = Every([who, Compare(DISABLED, "eq", value=False)])
        columns = [USER_ID, FULL_NAME, ADDRESS, OBJECT_ID]
        query = Query("systemusers", columns, condition, [CREATED_ON, USER_ID], expand=[ROLES, TEAMS])
        rows = await self._api.rows(query, None)
        found = [row for row in rows if not key or mailbox_key(text(row, ADDRESS.name)) == key]
        if not found or (key and len(found) > 1):
            return None
        user = _user(found[0])
        return replace(user, privileges=await self._privileges(user.id))

    async def _privileges(self, user_id: str) -> frozenset[str]:
        """Names of all privileges that roles of the user or of a team grant at any depth."""
        path = f"systemusers({user_id})/Microsoft.Dynamics.CRM.RetrieveUserPrivileges()"
        try:
            found = (await self._api.call(path)).get("RolePrivileges", [])
        except ServiceFault as fault:
            raise_problem(fault, "user")
        names = await self._names() if any(not each.get("PrivilegeName") for each in found) else {}
        return frozenset(each.get("PrivilegeName") or names.get(each["PrivilegeId"], "") for each in found)

    async def _names(self) -> dict[str, str]:
        """Names of all privileges by id, for a version of the service that tells ids only."""
        query = Query("privileges", [PRIVILEGE_ID, PRIVILEGE_NAME])
        [rows] = await self._api.all_rows([query], None, all_pages=True)
        return {str(row[PRIVILEGE_ID.name]): text(row, PRIVILEGE_NAME.name) for row in rows}


def _user(row: Row) -> User:
    return User(
        str(row[USER_ID.name]),
        text(row, FULL_NAME.name),
        text(row, ADDRESS.name),
        _roles(row),
        object_id=text(row, OBJECT_ID.name).lower(),
    )


def _roles(row: Row) -> tuple[str, ...]:
    """Names of the user's own roles and those of teams, each once."""
    teams: Sequence[Row] = row.get(TEAMS.navigation) or ()
    groups = [row.get(ROLES.navigation) or (), *(team.get("teamroles_association") or () for team in teams)]
    return tuple(sorted({str(role["name"]) for roles in groups for role in roles}))


def _state(row: Row) -> MailboxState:
    return read_state(*(row.get(column.name) for column in (METHOD, STATUS, APPROVAL, APPROVED_BY_ADMIN)))
