"""The page to which Microsoft Entra leads back from the consent link; nobody is signed in here."""

from aiohttp import web
from pydantic import Field

from addin.http import Visit
from addin.pages import Page, fill_page
from addin.requests import Query
from insights.grants import link

CONSENT = Page("consent.html")


class ConsentQuery(Query):
    """What Entra adds to the address."""

    state: str = Field(min_length=1, max_length=4000)
    tenant: str = Field("", max_length=100)
    admin_consent: str = Field("", max_length=10)
    error: str = Field("", max_length=1000)
    error_description: str = Field("", max_length=4000)


async def show_consent(visit: Visit, query: ConsentQuery) -> web.Response:
    """Say whether the permissions were granted, and write it down; whoever only looks leaves no trace."""
    returned = link.Return(
        query.state, query.tenant, query.admin_consent, query.error, query.error_description
    )
    is_noted = visit.request.method == "GET"
    use = await link.note_return(visit.services, returned, is_noted=is_noted)
    words = {"is_granted": use.is_granted, "error": use.error, "made_by": use.made_by}
    return fill_page(visit.request, CONSENT, words)
