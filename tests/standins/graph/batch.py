"""`$batch`: up to 20 requests in one, each with its own answer."""

import base64
import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from multidict import CIMultiDict

from tests.standins.graph.errors import GraphError, bad_request, mailbox_concurrency
from tests.standins.graph.wire import Answer, Call, Json, split_url

if TYPE_CHECKING:
    from tests.standins.graph.server import GraphStandin

LARGEST = 20
AT_A_TIME = 4


@dataclass(frozen=True)
class Step:
    """One request of a batch."""

    id: str
    call: Call
    depends_on: tuple[str, ...]


async def run_batch(graph: "GraphStandin", outer: Call) -> Answer:
    """Run what depends on nothing at once, then what depended on it; answers in the order of completion."""
    pending = _read_steps(outer)
    answers: dict[str, Answer] = {}
    while pending:
        ready = [step for step in pending if set(step.depends_on) <= answers.keys()]
        if not ready:
            raise bad_request(
                "Invalid batch payload: dependsOn names no request, or requests depend on each other."
            )
        running: Counter[str] = Counter()
        for step in ready:
            answers[step.id] = await _run(graph, step, answers, running)
        pending = [step for step in pending if step not in ready]
    return Answer(200, {"responses": [_told(step_id, answer) for step_id, answer in answers.items()]})


async def _run(
    graph: "GraphStandin", step: Step, answers: dict[str, Answer], running: Counter[str]
) -> Answer:
    if any(answers[step_id].status >= 400 for step_id in step.depends_on):
        return graph.refuse(
            GraphError(424, "FailedDependency", "A request that this one depends on has failed.")
        )
    key = graph.mailbox_key(step.call)
    if key:
        running[key] += 1
        if running[key] > AT_A_TIME and graph.wide_batches == "throttled":
            return graph.refuse(mailbox_concurrency(), step.call)
    return await graph.serve(step.call, is_inner=True)


def _read_steps(outer: Call) -> list[Step]:
    given = outer.json().get("requests")
    if not isinstance(given, list) or not given:
        raise bad_request("Invalid batch payload format.")
    if len(given) > LARGEST:
        raise GraphError(
            400,
            "MaximumValueExceeded",
            f"Number of batch request steps exceeds the maximum value of {LARGEST}.",
        )
    steps = [_read_step(outer, each) for each in given]
    if len({step.id for step in steps}) != len(steps):
        raise bad_request("Invalid batch payload: the ids of the requests must be unique.")
    return steps


def _read_step(outer: Call, given: Any) -> Step:
    if not isinstance(given, dict) or not {"id", "method", "url"} <= given.keys():
        raise bad_request("Invalid batch payload: each request needs id, method and url.")
    headers = CIMultiDict({str(name): str(value) for name, value in (given.get("headers") or {}).items()})
    body = given.get("body")
    if body is not None and "Content-Type" not in headers:
        raise bad_request("Write request with a body must contain a Content-Type header.")
    segments, query = split_url(str(given["url"]))
    call = Call(
        method=str(given["method"]).upper(),
        base_url=outer.base_url,
        segments=segments,
        query=query,
        headers=headers,
        body=_read_body(body),
        grant=outer.grant,
    )
    depends_on = given.get("dependsOn") or []
    return Step(str(given["id"]), call, tuple(map(str, depends_on)))


def _read_body(body: Any) -> bytes:
    """JSON as an object, everything else as base64 in a string."""
    if body is None:
        return b""
    if isinstance(body, str):
        try:
            return base64.b64decode(body, validate=True)
        except ValueError:
            return body.encode()
    return json.dumps(body).encode()


def _told(step_id: str, answer: Answer) -> Json:
    headers = {**answer.headers}
    told: Json = {"id": step_id, "status": answer.status, "headers": headers}
    if isinstance(answer.body, dict):
        headers["Content-Type"] = "application/json"
        told["body"] = answer.body
    elif answer.body:
        headers["Content-Type"] = answer.content_type
        told["body"] = base64.b64encode(answer.body).decode()
    return told
