"""What a CRM is and what the application may do in it, as `doctor` and the table of features ask."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from connectors.dataverse.api import WebApi
from connectors.dataverse.faults import ACT_ON_BEHALF, ServiceFault, as_problem
from connectors.dataverse.query import Query
from connectors.dataverse.records import text
from insights.crm.conditions import Column

ONLINE_DOMAINS = (
    "dynamics.com",
    "dynamics.cn",
    "microsoftdynamics.us",
    "appsplatform.us",
    "microsoftdynamics.de",
)


@dataclass(frozen=True, slots=True)
class Detected:
    """A CRM's version, whether Microsoft runs it, names of its roles, what the application may do."""

    version: str
    is_online: bool
    roles: Sequence[str]
    may_impersonate: bool
    privileges: frozenset[str]
    """All privileges of the application user."""


async def detect(api: WebApi) -> Detected:
    """Look at the CRM as the application; raises Unavailable, NotAllowed."""
    try:
        version = str((await api.call("RetrieveVersion()")).get("Version", ""))
        user_id = str((await api.call("WhoAmI()"))["UserId"])
        path = f"systemusers({user_id})/Microsoft.Dynamics.CRM.RetrieveUserPrivileges()"
        held = (await api.call(path)).get("RolePrivileges", [])
    except ServiceFault as fault:
        raise as_problem(fault, "user") from None
    names = frozenset(str(each["PrivilegeName"]) for each in held if each.get("PrivilegeName"))
    [roles] = await api.all_rows([Query("roles", [Column("name")])], None, all_pages=True)
    found = sorted({text(row, "name") for row in roles})
    return Detected(version, is_online(api.url), found, ACT_ON_BEHALF in names, names)


def is_online(url: str) -> bool:
    """Whether Microsoft runs the service at this address."""
    host = urlsplit(url).hostname or ""
    return any(host == domain or host.endswith(f".{domain}") for domain in ONLINE_DOMAINS)
