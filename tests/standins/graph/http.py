"""HTTP around the calls: tokens, faults on the wire, headers."""

import asyncio
import json
from typing import TYPE_CHECKING
from uuid import uuid4

from aiohttp import web
from multidict import CIMultiDict

from tests.standins.graph.attachments import continue_upload
from tests.standins.graph.batch import run_batch
from tests.standins.graph.errors import GraphError
from tests.standins.graph.wire import Answer, Call, split_url

if TYPE_CHECKING:
    from tests.standins.graph.faults import Fault
    from tests.standins.graph.server import GraphStandin

JSON = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
APPLIED = ("idtype", "outlook.body-content-type", "outlook.timezone")
WRITTEN = {"idtype": "IdType"}


def add_routes(app: web.Application, graph: "GraphStandin") -> None:
    """Everything below `/v1.0`, and the URLs of upload sessions."""

    async def answer_call(request: web.Request) -> web.StreamResponse:
        return await _answer_call(graph, request)

    async def answer_upload(request: web.Request) -> web.StreamResponse:
        content_range = request.headers.get("Content-Range", "")
        graph.log(request.method, ["upload"], {})
        await asyncio.sleep(graph.round_trip)
        try:
            session_id, body = request.match_info["session"], await request.read()
            return await _send(
                request, continue_upload(graph, session_id, request.method, content_range, body)
            )
        except GraphError as error:
            return await _send(request, graph.refuse(error))

    app.router.add_route("*", "/v1.0/{path:.*}", answer_call)
    app.router.add_route("*", "/upload/{session}", answer_upload)


async def _answer_call(graph: "GraphStandin", request: web.Request) -> web.StreamResponse:
    line = f"{request.method} {request.path_qs.removeprefix('/v1.0')}"
    fault = graph.faults.take(line, is_inner=False)
    if fault:
        await asyncio.sleep(fault.delay)
    body, (segments, query) = await request.read(), split_url(request.raw_path)
    graph.log(request.method, segments, query)
    try:
        if fault and fault.error:
            await asyncio.sleep(graph.round_trip)
            raise fault.error
        grant = await graph.judge(request.headers.get("Authorization", ""))
        base_url = f"{request.scheme}://{request.host}/v1.0"
        call = Call(
            request.method, base_url, segments, query, CIMultiDict(request.headers), body=body, grant=grant
        )
        answer = await (_answer_batch(graph, call) if _is_batch(call) else graph.serve_alone(call))
        answer.headers |= _applied(call)
    except GraphError as error:
        answer = graph.refuse(error)
        answer.headers |= {"client-request-id": request.headers.get("client-request-id", "")}
    return await _send(request, answer, fault)


async def _answer_batch(graph: "GraphStandin", call: Call) -> Answer:
    await asyncio.sleep(graph.round_trip)
    return await run_batch(graph, call)


def _is_batch(call: Call) -> bool:
    return call.method == "POST" and [segment.lower() for segment in call.segments] == ["$batch"]


def _applied(call: Call) -> dict[str, str]:
    """`Preference-Applied` for those preferences that were kept."""
    kept = [
        f'{WRITTEN.get(name, name)}="{value}"' for name, value in call.preferences.items() if name in APPLIED
    ]
    return {"Preference-Applied": ", ".join(kept)} if kept else {}


async def _send(request: web.Request, answer: Answer, fault: "Fault | None" = None) -> web.StreamResponse:
    request_id = str(uuid4())
    headers = {
        "request-id": request_id,
        "client-request-id": request.headers.get("client-request-id", request_id),
    }
    headers |= {name: value for name, value in answer.headers.items() if value}
    if isinstance(answer.body, dict):
        content, headers["Content-Type"] = json.dumps(answer.body).encode(), JSON
    else:
        content = answer.body or b""
        headers |= {"Content-Type": answer.content_type} if content else {}
    if fault and fault.bend:
        content, headers = fault.bend(content), headers | dict(fault.headers)
    if fault is None or fault.cut_after is None:
        return web.Response(status=answer.status, body=content or None, headers=headers)
    response = web.StreamResponse(status=answer.status, headers=headers)
    response.content_length = max(len(content), fault.cut_after + 1)
    await response.prepare(request)
    await response.write(content[: fault.cut_after])
    if request.transport is not None:
        request.transport.close()
    return response
