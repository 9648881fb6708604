"""The OpenAPI 3.1 document, written from the table of routes: what a handler takes and answers.

Paths, queries and bodies come from the handlers' annotations, answers from the rows. Pages, files
and endless streams cannot be described by a schema and are left out.
"""

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from openapi_pydantic import (
    Components,
    Info,
    MediaType,
    OpenAPI,
    Operation,
    Parameter,
    PathItem,
    Reference,
    RequestBody,
    Response,
    Schema,
    SecurityScheme,
)
from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from addin.http import Route
from addin.origins import READING
from addin.problems import CONTENT_TYPE, ProblemDetails

REF = "#/components/schemas/{model}"
Schemas = Mapping[tuple[Any, JsonSchemaMode], dict[str, Any]]


def describe_api(routes: Sequence[Route], version: str, server: str) -> bytes:
    """The document as JSON; `server` is the base address that requests go to."""
    described = [route for route in routes if route.answers]
    schemas, definitions = models_json_schema(_models(described), ref_template=REF)
    paths: dict[str, PathItem] = {}
    for route in described:
        item = paths.setdefault(_path(route), PathItem())
        setattr(item, route.method.lower(), _operation(route, schemas))
    document = OpenAPI.model_validate(
        {
            "info": Info(
                title="Liaison", version=version, description="Relationship insights over CRM and mail."
            ),
            "servers": [{"url": server}],
            "paths": paths,
            "components": Components(
                schemas={
                    name: Schema.model_validate(schema) for name, schema in definitions["$defs"].items()
                },
                securitySchemes={"bearer": SecurityScheme(type="http", scheme="bearer")},
            ),
        }
    )
    return document.model_dump_json(by_alias=True, exclude_none=True).encode()


def _models(routes: Sequence[Route]) -> list[tuple[type[BaseModel], JsonSchemaMode]]:
    models: dict[tuple[type[BaseModel], JsonSchemaMode], None] = {(ProblemDetails, "serialization"): None}
    for route in routes:
        if "body" in route.parameters:
            models[(route.parameters["body"], "validation")] = None
        for model in route.answers.values():
            models[(model, "serialization")] = None
    return list(models)


def _path(route: Route) -> str:
    return re.sub(r"\{(\w+):[^}]*\}", r"{\1}", route.path)


def _operation(route: Route, schemas: Schemas) -> Operation:
    doc = (route.handler.__doc__ or "").strip().splitlines()
    return Operation(
        operationId=route.handler.__name__,
        summary=doc[0] if doc else None,
        parameters=_parameters(route) or None,
        requestBody=_body(route, schemas),
        responses=_responses(route, schemas),
        security=[] if route.gate == "public" else [{"bearer": []}],
    )


def _parameters(route: Route) -> list[Parameter | Reference]:
    found: list[Parameter | Reference] = []
    for name, annotation in route.parameters.items():
        if name == "query":
            found += _query(annotation)
        elif name != "body":
            found.append(_parameter("path", name, TypeAdapter(annotation).json_schema(), is_required=True))
    return found


def _query(model: type[BaseModel]) -> list[Parameter]:
    schema = model.model_json_schema()
    return [
        _parameter("query", name, _without_null(described), is_required=name in schema.get("required", []))
        for name, described in schema["properties"].items()
    ]


def _parameter(place: str, name: str, schema: dict[str, Any], *, is_required: bool) -> Parameter:
    return Parameter.model_validate({"name": name, "in": place, "required": is_required, "schema": schema})


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A query parameter is not null, it is absent."""
    kinds = [kind for kind in schema.get("anyOf", []) if kind.get("type") != "null"]
    rest = {key: value for key, value in schema.items() if key != "anyOf" and value is not None}
    return rest | kinds[0] if kinds else rest


def _body(route: Route, schemas: Schemas) -> RequestBody | None:
    model = route.parameters.get("body")
    if model is None:
        return None
    is_needed = any(field.is_required() for field in model.model_fields.values())
    return RequestBody(
        required=is_needed, content={"application/json": _media(schemas[(model, "validation")])}
    )


def _responses(route: Route, schemas: Schemas) -> dict[str, Response | Reference]:
    answers: dict[str, Response | Reference] = {
        str(status): Response(
            description=HTTPStatus(status).phrase,
            content={"application/json": _media(schemas[(model, "serialization")])},
        )
        for status, model in route.answers.items()
    }
    problem = {CONTENT_TYPE: _media(schemas[(ProblemDetails, "serialization")])}
    for status in _refusals(route):
        answers[str(status)] = Response(description=HTTPStatus(status).phrase, content=problem)
    answers["default"] = Response(description="Any other problem", content=problem)
    return answers


def _refusals(route: Route) -> list[int]:
    statuses = set(route.refusals)
    if route.gate in {"user", "admin"}:
        statuses |= {401}
    if route.gate == "admin" or route.feature:
        statuses |= {403}
    if set(route.parameters) - {"query", "body"}:
        statuses |= {404}
    if {"query", "body"} & set(route.parameters):
        statuses |= {400}
    if "body" in route.parameters:
        statuses |= {408, 413, 415}
    if route.method not in READING:
        statuses |= {403}
    return sorted(statuses)


def _media(schema: dict[str, Any]) -> MediaType:
    return MediaType.model_validate({"schema": schema})
