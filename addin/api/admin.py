"""What administrators decide and look at."""

from addin.api import V1
from addin.http import Answer, Call, Route
from addin.requests import PageQuery
from insights import audit, choices, features
from insights.grants import link
from insights.grants.views import Grants
from insights.requirements import examining
from insights.requirements.views import RequirementList
from insights.views import AuditPage, ChoicesBody, ChoicesView, FeaturesBody, FeaturesView, Terms


async def read_features(call: Call) -> Answer:
    """Terms and features, each with what it shares with whom."""
    return Answer(await features.read_features(call.services, call.user))


async def change_features(call: Call, body: FeaturesBody) -> Answer:
    """Accept the terms, turn features on and off."""
    return Answer(await features.change_features(call.services, call.user, body))


async def read_choices(call: Call) -> Answer:
    """The organisation's choices, each with what it does."""
    return Answer(await choices.read_choices(call.services, call.user))


async def change_choices(call: Call, body: ChoicesBody) -> Answer:
    """Change the organisation's choices."""
    return Answer(await choices.change_choices(call.services, call.user, body))


async def read_terms(call: Call) -> Answer:
    """The licence terms and who accepted them."""
    return Answer(await features.read_terms(call.services, call.user))


async def read_audit(call: Call, query: PageQuery) -> Answer:
    """The audit trail, newest first."""
    return Answer(await audit.read_audit(call.services, call.user, cursor=query.cursor, limit=query.limit))


async def read_requirements(call: Call) -> Answer:
    """What Liaison needs around it, and whether it is there."""
    return Answer(await examining.read_requirements(call.services, call.user))


async def read_grants(call: Call) -> Answer:
    """The link that grants what is turned on, which of it is granted, and the link's latest use."""
    return Answer(await link.read_grants(call.services, call.user))


ROUTES = (
    Route("GET", f"{V1}/admin/features", read_features, "admin", {200: FeaturesView}),
    Route("PUT", f"{V1}/admin/features", change_features, "admin", {200: FeaturesView}, refusals=(409,)),
    Route("GET", f"{V1}/admin/choices", read_choices, "admin", {200: ChoicesView}),
    Route("PUT", f"{V1}/admin/choices", change_choices, "admin", {200: ChoicesView}),
    Route("GET", f"{V1}/admin/terms", read_terms, "admin", {200: Terms}),
    Route("GET", f"{V1}/admin/audit", read_audit, "admin", {200: AuditPage}),
    Route("GET", f"{V1}/admin/requirements", read_requirements, "admin", {200: RequirementList}),
    Route("GET", f"{V1}/admin/grants", read_grants, "admin", {200: Grants}),
)
