"""What Dataverse answers `liaison doctor`: reachable, online, and what its application user may do."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from urllib.parse import urlsplit

from connectors.dataverse.api import WebApi
from connectors.dataverse.detection import detect, is_online
from connectors.dataverse.faults import ACT_ON_BEHALF, ServiceFault, as_problem
from connectors.dataverse.readers import Readers, read_readers
from insights.crm.depths import CARD_PRIVILEGES, NONE
from insights.model import MET, Finding
from insights.outside import LOOPBACK
from insights.requirements.table import CRM_ONLINE
from insights.words import say

Look = Callable[[], Awaitable[Finding]]


def crm_probes(api: WebApi) -> Mapping[str, Look]:
    """Requirement → look; all are made as the application itself."""
    return {
        CRM_ONLINE: partial(_look_at_kind, api),
        "crm_application_user": partial(_look_at_application_user, api),
        "crm_act_on_behalf": partial(_look_at_impersonation, api),
        "action_card_privileges": partial(_look_at_card_privileges, api),
    }


async def _look_at_kind(api: WebApi) -> Finding:
    if is_online(api.url):
        return MET
    if urlsplit(api.url).hostname in LOOPBACK:
        return Finding("unknown", say("why.address_one_this_machine_tells"))
    return Finding("not met", say("why.address_none_microsofts_own"))


async def _look_at_application_user(api: WebApi) -> Finding:
    try:
        await api.call("WhoAmI()")
    except ServiceFault as fault:
        if fault.status in {401, 403}:
            return Finding("not met", say("why.crm_does_not_let_application", status=fault.status))
        raise as_problem(fault, "organization") from None
    return MET


async def _look_at_impersonation(api: WebApi) -> Finding:
    found = await detect(api)
    return (
        MET
        if found.may_impersonate
        else Finding("not met", say("why.roles_lack", act_on_behalf=ACT_ON_BEHALF))
    )


async def _look_at_card_privileges(api: WebApi) -> Finding:
    """Whether everybody who can sign in to the CRM has all four; how many lack one is told, not who."""
    readers = await asyncio.gather(*(_read(api, privilege) for privilege in CARD_PRIVILEGES))
    lacking = {name: _lacking(found) for name, found in zip(CARD_PRIVILEGES, readers, strict=True)}
    told = [f"{name}: {count}" for name, count in lacking.items() if count]
    return Finding("not met", say("why.users_who_have_no_role", told=told)) if told else MET


async def _read(api: WebApi, privilege: str) -> Readers:
    try:
        return await read_readers(api, privilege)
    except ServiceFault as fault:
        raise as_problem(fault, "role") from None


def _lacking(readers: Readers) -> int:
    return sum(readers.depths.get(user_id, NONE) == NONE for user_id in readers.units)
