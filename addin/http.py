"""One row per URL, and what happens before its handler runs: token 401, right 403, path 404, body 400 (or
408, 413, 415 where it cannot be read).

A handler is an async function. Its first parameter is a `Visit` (public) or a `Call` (signed in); of
the others `query` and `body` are models, the rest are path parameters. Their annotations are the
truth: requests are validated and the OpenAPI document is written from them.
"""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from aiohttp import web
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import from_json

from addin.auth import read_user, require_metrics_reader
from addin.bodies import read_json
from addin.language import words_of
from insights import access
from insights.errors import Invalid, NotFound
from insights.model import User
from insights.services import Services
from insights.words import Said, Words, say

Gate = Literal["public", "user", "admin", "metrics"]
SERVICES = web.AppKey("services", Services)
MAX_COMPLAINTS = 5


@dataclass(frozen=True, slots=True)
class Visit:
    """A request of anybody."""

    request: web.Request
    services: Services


@dataclass(frozen=True, slots=True)
class Call(Visit):
    """A request of a signed-in user who may make it."""

    user: User


@dataclass(frozen=True, slots=True)
class Answer:
    """A model to be sent as JSON."""

    model: BaseModel
    status: int = 200


Handler = Callable[..., Awaitable[Answer | web.StreamResponse]]


@dataclass(frozen=True)
class Route:
    """A URL: its handler, who may pass the gate, and the model of each answer.

    Rows with answer models are described in the OpenAPI document; pages, files and streams are not.
    `refusals` are the statuses its use-case adds to those that follow from gate, path and body.
    """

    method: str
    path: str
    handler: Handler
    gate: Gate
    answers: Mapping[int, type[BaseModel]] = field(default_factory=dict)
    feature: str | None = None
    refusals: tuple[int, ...] = ()

    @property
    def parameters(self) -> dict[str, Any]:
        """The handler's parameters after the call, by name, with their annotations."""
        signature = inspect.signature(self.handler, eval_str=True)
        return {name: parameter.annotation for name, parameter in list(signature.parameters.items())[1:]}


def add_routes(app: web.Application, routes: tuple[Route, ...]) -> None:
    """Serve the table; what is public to GET also answers HEAD."""
    for route in routes:
        handle = _bind(route)
        app.router.add_route(route.method, route.path, handle)
        if route.method == "GET" and route.gate == "public":
            app.router.add_route("HEAD", route.path, handle)


def _bind(route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    parameters = {name: TypeAdapter(annotation) for name, annotation in route.parameters.items()}

    async def handle(request: web.Request) -> web.StreamResponse:
        call = await _pass_gate(route, request)
        values = await _read_parameters(request, parameters)
        answer = await route.handler(call, **values)
        return _json(answer, words_of(request)) if isinstance(answer, Answer) else answer

    return handle


async def _pass_gate(route: Route, request: web.Request) -> Visit:
    services = request.app[SERVICES]
    if route.gate == "metrics":
        require_metrics_reader(request, services.settings)
    if route.gate in {"public", "metrics"}:
        return Visit(request, services)
    user = await read_user(request, services)
    await access.require(services, user, feature=route.feature, admin=route.gate == "admin")
    return Call(request, services, user)


async def _read_parameters(
    request: web.Request, parameters: Mapping[str, TypeAdapter[Any]]
) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, adapter in parameters.items():
        if name not in {"query", "body"}:
            values[name] = _read_path(request.match_info[name], adapter)
    if "query" in parameters:
        values["query"] = _read_query(request, parameters["query"])
    if "body" in parameters:
        values["body"] = _read_body(await read_json(request), parameters["body"])
    return values


def _read_path(value: str, adapter: TypeAdapter[Any]) -> Any:
    try:
        return adapter.validate_python(value)
    except ValidationError:
        raise NotFound("not_found") from None


def _read_query(request: web.Request, adapter: TypeAdapter[Any]) -> Any:
    """The query as its model; an empty parameter is one not given, of repeated ones the first counts."""
    given = {name: request.query[name] for name in request.query if request.query[name]}
    _require_no_nul("query", given)
    try:
        return adapter.validate_python(given)
    except ValidationError as error:
        raise _invalid("query", _complaints(error)) from None


def _read_body(raw: bytes, adapter: TypeAdapter[Any]) -> Any:
    """The body as its model, exactly of the types that the OpenAPI document names; none counts as `{}`."""
    raw = raw or b"{}"
    try:
        _require_no_nul("body", from_json(raw, allow_inf_nan=False))
    except ValueError:
        raise Invalid("bad_json") from None
    try:
        return adapter.validate_json(raw, strict=True)
    except ValidationError as error:
        raise _invalid("body", _complaints(error)) from None


def _invalid(part: str, why: Said) -> Invalid:
    return Invalid(f"bad_{part}", why=why)


def _require_no_nul(part: str, value: Any) -> None:
    if _holds_nul(value):
        raise _invalid(part, say("why.text_holds_character_u_0000"))


def _holds_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\x00" in value
    if isinstance(value, dict):
        return any(_holds_nul(part) for pair in value.items() for part in pair)
    return isinstance(value, list) and any(_holds_nul(part) for part in value)


def _complaints(error: ValidationError) -> str:
    """What is wrong where, without the values themselves."""
    problems = error.errors(include_input=False, include_url=False, include_context=False)
    return "; ".join(
        f"{'.'.join(str(part)[:40] for part in problem['loc']) or 'it'}: {problem['msg'].lower()}"
        for problem in problems[:MAX_COMPLAINTS]
    )


def _json(answer: Answer, words: Words) -> web.Response:
    return web.Response(
        body=answer.model.model_dump_json(by_alias=True, context=words).encode(),
        status=answer.status,
        content_type="application/json",
    )
