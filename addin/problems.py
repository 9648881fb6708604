"""Every failure as RFC 9457 problem details, the one error shape on the wire."""

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import BaseModel, Field

from addin.language import words_of
from addin.observe import REQUEST_ID
from addin.pages import show_problem
from insights.errors import NotSignedIn, Problem, SignInNeeded
from insights.words import Value, Words

log = structlog.get_logger(__name__)
CONTENT_TYPE = "application/problem+json"

# What aiohttp itself refuses: status → the code of the texts `refusal.{code}`.
REFUSALS = {404: "not_found", 405: "method_not_allowed", 413: "too_large", 417: "no_expectation"}


class ProblemDetails(BaseModel):
    """A failure: `detail` says what, why and what to do; `code` is stable, the words are not."""

    type: str = Field(description="a URI that names the kind of problem")
    title: str
    status: int
    detail: str
    code: str


@web.middleware
async def translate_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer whatever is raised as a problem; the unexpected is logged once and tells nothing."""
    try:
        return await handler(request)
    except Problem as problem:
        if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR and problem.__cause__:
            log.warning("not reachable", code=problem.code, exc_info=problem.__cause__)
        headers = {"WWW-Authenticate": _challenge(problem)} if isinstance(problem, NotSignedIn) else {}
        told = problem.told(words_of(request))
        return respond(request, describe(problem.status, problem.code, told.title, told.detail), headers)
    except web.HTTPException as refusal:
        return translate_refusal(request, refusal)
    except ConnectionError:
        raise  # the caller hung up while we read: nobody is left to answer
    except Exception:
        log.exception("unexpected failure")
        return refuse(request, 500, "internal", request_id=request[REQUEST_ID])


def _challenge(problem: NotSignedIn) -> str:
    """How to come back: with a token, or one that satisfies Entra's claims (base64url of JSON)."""
    if not isinstance(problem, SignInNeeded):
        return "Bearer"
    if not problem.claims:
        return 'Bearer error="interaction_required"'
    claims = urlsafe_b64encode(problem.claims.encode()).decode()
    return f'Bearer error="insufficient_claims", claims="{claims}"'


def describe(status: int, code: str, title: str, detail: str) -> ProblemDetails:
    """Problem details with the type that belongs to the code."""
    kind = f"urn:problem-type:liaison:{code}"
    return ProblemDetails(type=kind, title=title, status=status, detail=detail, code=code)


def described(words: Words, status: int, code: str, **values: Value) -> ProblemDetails:
    """What is refused before any code of the product runs: the texts `refusal.{code}.title` and `.detail`."""
    return describe(status, code, words(f"refusal.{code}.title"), words(f"refusal.{code}.detail", **values))


def refuse(
    request: web.Request,
    status: int,
    code: str,
    headers: Mapping[str, str] = MappingProxyType({}),
    **values: Value,
) -> web.Response:
    """The same as an answer."""
    return respond(request, described(words_of(request), status, code, **values), headers)


def respond(
    request: web.Request, details: ProblemDetails, headers: Mapping[str, str] = MappingProxyType({})
) -> web.Response:
    """Problem details as JSON, or as a page for a browser that follows a link."""
    if request.headers.get("Sec-Fetch-Mode") == "navigate":
        page = show_problem(request, status=details.status, title=details.title, detail=details.detail)
        page.headers.update(headers)
        return page
    return respond_as_json(details, headers)


def respond_as_json(
    details: ProblemDetails, headers: Mapping[str, str] = MappingProxyType({})
) -> web.Response:
    """Problem details as RFC 9457 writes them."""
    return web.Response(
        body=details.model_dump_json().encode(),
        status=details.status,
        content_type=CONTENT_TYPE,
        headers=headers,
    )


def translate_refusal(request: web.Request, refusal: web.HTTPException) -> web.StreamResponse:
    """What aiohttp itself refuses, in our words."""
    if refusal.status < HTTPStatus.BAD_REQUEST:
        return web.Response(status=refusal.status, headers=refusal.headers)
    code = REFUSALS.get(refusal.status, "refused")
    headers = {"Allow": refusal.headers["Allow"]} if "Allow" in refusal.headers else {}
    return refuse(request, refusal.status, code, headers)
