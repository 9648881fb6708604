"""Functions of the Web API: who am I, privileges, access, promotion of mail, version."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.standins.dataverse.access import Rights, read_rights
from tests.standins.dataverse.binding import find_reference
from tests.standins.dataverse.collation import fold
from tests.standins.dataverse.errors import DataverseError, bad_query, no_such_resource
from tests.standins.dataverse.filter_parser import parse_filter
from tests.standins.dataverse.filter_tree import Call, Items, Literal, Node, Path
from tests.standins.dataverse.lexer import BadSyntax
from tests.standins.dataverse.messages import Request, Response, json_response
from tests.standins.dataverse.organization import ACT_ON_BEHALF
from tests.standins.dataverse.privileges import DEPTH_NAMES, RIGHTS, privilege_id
from tests.standins.dataverse.store import Row

VERSION = "9.2.26105.00165"
PREFIX = "Microsoft.Dynamics.CRM."
SHOULD_PROMOTE, ALREADY_THERE = 0, 2
Arguments = Mapping[str, Any]


def call_function(request: Request, segment: str, bound: Row | None = None) -> Response:
    """Answer `WhoAmI()` and the like; raises the service's 404 for a function it does not know."""
    name, arguments = _read_call(request, segment)
    function = (BOUND if bound else UNBOUND).get((bound.table if bound else "", name))
    if function is None:
        raise no_such_resource(segment.partition("(")[0])
    answer = function(_Context(request, bound), arguments)
    kind = f"{request.base}$metadata#{PREFIX}{name}Response"
    return json_response({"@odata.context": kind, **answer})


@dataclass(frozen=True)
class _Context:
    """What a function works on."""

    request: Request
    bound: Row | None

    @property
    def rights(self) -> Rights:
        """The rights of the user that the function is bound to."""
        return read_rights(self.request.caller.organization, self.bound.id if self.bound else "")


Function = Callable[[_Context, Arguments], dict[str, Any]]


def _read_call(request: Request, segment: str) -> tuple[str, Arguments]:
    try:
        tree = parse_filter(segment if "(" in segment else f"{segment}()")
    except BadSyntax as wrong:
        raise bad_query(str(wrong)) from None
    match tree:
        case Path((Call() as call,)):
            return call.name.removeprefix(PREFIX), {
                name: _argument(request, node) for name, node in call.named
            }
    raise no_such_resource(segment)


def _argument(request: Request, node: Node) -> Any:
    match node:
        case Literal(kind="string", text=text) | Literal(kind="guid", text=text):
            return text
        case Literal(kind="number", text=text):
            return int(text)
        case Literal(kind="boolean", text=text):
            return text == "true"
        case Literal(kind="typed", text=text):
            return text.partition("'")[2][:-1]
        case Items(items):
            return [_argument(request, item) for item in items]
        case Path((str() as alias,)) if alias.startswith("@"):
            return _aliased(request, alias)
    raise bad_query("A parameter of the function is not valid.")


def _aliased(request: Request, alias: str) -> Any:
    text = request.query.get(alias)
    if text is None:
        return None
    try:
        return json.loads(text.replace("'", '"') if text.startswith("{'") else text)
    except ValueError:
        pass  # no JSON: a literal, as in `@p='text'`
    try:
        return _argument(request, parse_filter(text))
    except BadSyntax as wrong:
        raise bad_query(str(wrong)) from None


def _who_am_i(context: _Context, arguments: Arguments) -> dict[str, Any]:
    caller = context.request.caller
    rights = read_rights(caller.organization, caller.user_id)
    return {"BusinessUnitId": rights.unit_id, "UserId": caller.user_id,
            "OrganizationId": caller.organization.organization_id}  # fmt: skip


def _version(context: _Context, arguments: Arguments) -> dict[str, Any]:
    return {"Version": VERSION}


def _current_organization(context: _Context, arguments: Arguments) -> dict[str, Any]:
    organization = context.request.caller.organization
    name = organization.settings.text("name")
    return {
        "Detail": {
            "OrganizationId": organization.organization_id,
            "FriendlyName": name,
            "UniqueName": "standin",
            "UrlName": "standin",
            "OrganizationVersion": VERSION,
            "EnvironmentId": organization.organization_id,
            "State": "Enabled",
            "Geo": "EMEA",
            "Endpoints": {"Count": 1, "Keys": ["WebApplication"],
                          "Values": [context.request.base.partition("api/data")[0]]},
        }
    }  # fmt: skip


def _role_privilege(rights: Rights, name: str) -> dict[str, Any]:
    return {
        "Depth": DEPTH_NAMES[rights.depths[name]],
        "PrivilegeId": privilege_id(name),
        "BusinessUnitId": rights.unit_id,
        "PrivilegeName": name,
        "RecordFilterId": "00000000-0000-0000-0000-000000000000",
        "RecordFilterUniqueName": "",
    }


def _held(context: _Context) -> tuple[Rights, dict[str, str]]:
    """The bound user's rights, and names of what is held, by folded name."""
    rights = context.rights
    organization = context.request.caller.organization
    lacks = rights.user_id == organization.app_user_id and not organization.may_impersonate
    held = [name for name, depth in rights.depths.items() if depth and not (lacks and name == ACT_ON_BEHALF)]
    return rights, {name.casefold(): name for name in held}


def _user_privileges(context: _Context, arguments: Arguments) -> dict[str, Any]:
    rights, held = _held(context)
    return {"RolePrivileges": [_role_privilege(rights, name) for name in held.values()]}


def _privileges_by_names(context: _Context, arguments: Arguments) -> dict[str, Any]:
    rights, held = _held(context)
    wanted = arguments.get("PrivilegeNames")
    if not isinstance(wanted, list):
        raise bad_query("PrivilegeNames must be a collection of strings.")
    found = [held[str(name).casefold()] for name in wanted if str(name).casefold() in held]
    return {"RolePrivileges": [_role_privilege(rights, name) for name in found]}


def _privilege_by_name(context: _Context, arguments: Arguments) -> dict[str, Any]:
    return _privileges_by_names(context, {"PrivilegeNames": [arguments.get("PrivilegeName")]})


def _principal_access(context: _Context, arguments: Arguments) -> dict[str, Any]:
    target = arguments.get("Target")
    if not isinstance(target, dict) or "@odata.id" not in target:
        raise bad_query("Target must be a reference with '@odata.id'.")
    row = find_reference(context.request.caller, target["@odata.id"])
    rights = context.rights
    held = [f"{right}Access" for right in RIGHTS if right != "Create" and rights.allows(right, row)]
    return {"AccessRights": ", ".join(held) or "None"}


def _check_promote(context: _Context, arguments: Arguments) -> dict[str, Any]:
    message_id = arguments.get("MessageId")
    if not isinstance(message_id, str):
        raise DataverseError(400, "0x80040203", "Required field 'MessageId' is missing.")
    emails = context.request.caller.organization.store.rows("email").values()
    known = any(fold(row.text("messageid")) == fold(message_id) for row in emails)
    return {"ShouldPromote": not known, "ReasonCode": ALREADY_THERE if known else SHOULD_PROMOTE}


UNBOUND: dict[tuple[str, str], Function] = {
    ("", "WhoAmI"): _who_am_i,
    ("", "RetrieveVersion"): _version,
    ("", "RetrieveCurrentOrganization"): _current_organization,
    ("", "CheckPromoteEmail"): _check_promote,
}
BOUND: dict[tuple[str, str], Function] = {
    ("systemuser", "RetrieveUserPrivileges"): _user_privileges,
    ("systemuser", "RetrieveUserSetOfPrivilegesByNames"): _privileges_by_names,
    ("systemuser", "RetrieveUserPrivilegeByPrivilegeName"): _privilege_by_name,
    ("systemuser", "RetrievePrincipalAccess"): _principal_access,
}
