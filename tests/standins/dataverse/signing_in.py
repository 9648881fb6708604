"""Whose request it is: the application user's, or the user's whom it acts for."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.standins.dataverse.access import Caller, Rights, read_rights
from tests.standins.dataverse.errors import (
    disabled_user,
    missing_privilege,
    not_a_member,
    unauthorized,
)
from tests.standins.dataverse.organization import ACT_ON_BEHALF, Organization
from tests.standins.dataverse.privileges import privilege_id
from tests.standins.dataverse.store import Row


@dataclass
class SignIn:
    """Tells callers apart; rights are read again after any write."""

    organization: Organization
    _rights: dict[str, Rights] = field(default_factory=dict)
    _version: int = -1

    def caller(self, headers: Mapping[str, str]) -> Caller:
        """Who the request acts as; raises the service's 403."""
        app_user_id = self.organization.app_user_id
        user_id = self._impersonated(headers) or app_user_id
        involved = [self._read(app_user_id)]
        if user_id != app_user_id:
            if not self._may_impersonate(involved[0]):
                grant = privilege_id(ACT_ON_BEHALF)
                raise missing_privilege(app_user_id, ACT_ON_BEHALF, grant, "systemuser")
            involved.append(self._read(user_id))
        return Caller(self.organization, user_id, app_user_id, involved)

    def _may_impersonate(self, app: Rights) -> bool:
        return self.organization.may_impersonate and bool(app.depths.get(ACT_ON_BEHALF))

    def _impersonated(self, headers: Mapping[str, str]) -> str:
        object_id = headers.get("CallerObjectId", "").strip().lower()
        user_id = headers.get("MSCRMCallerID", "").strip().lower()
        if not object_id and not user_id:
            return ""
        column, wanted = (
            ("azureactivedirectoryobjectid", object_id) if object_id else ("systemuserid", user_id)
        )
        found = self._find(column, wanted)
        if found is None:
            raise not_a_member(wanted)
        if found.get("isdisabled") is True:
            raise disabled_user(found.id)
        return found.id

    def _find(self, column: str, wanted: str) -> Row | None:
        users = self.organization.store.rows("systemuser").values()
        return next((row for row in users if row.get(column) == wanted), None)

    def _read(self, user_id: str) -> Rights:
        if self._version != self.organization.store.version:
            self._rights.clear()
            self._version = self.organization.store.version
        if user_id not in self._rights:
            self._rights[user_id] = read_rights(self.organization, user_id)
        return self._rights[user_id]


def read_token(headers: Mapping[str, str]) -> str:
    """The bearer token of a request; raises the service's 401."""
    kind, _, token = headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        raise unauthorized()
    return token.strip()
