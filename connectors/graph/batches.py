"""Several requests in one round trip, and those of them again that were put off."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from connectors.graph.answers import THROTTLED, TRANSIENT, Answer, read_inner
from connectors.graph.calls import Call
from connectors.graph.client import BATCH, GraphClient
from connectors.graph.pace import AT_A_TIME, AskAgain, Budget
from connectors.graph.rights import Asker

MOST_TOGETHER = 20
FAILED_DEPENDENCY = 424
SEARCH = "$search="


async def ask_all(
    graph: GraphClient, asker: Asker, calls: Sequence[Call], budget: Budget, *, together: int = MOST_TOGETHER
) -> list[Answer]:
    """The answers in the order of the calls, refusals too; `together` of them a round trip.

    Up to four run side by side. More are a chain of `dependsOn`, each after the one before: Graph takes
    a batch that is all parallel or all sequential, and more than four at a time would throttle each
    other. Raises Unavailable where the budget ends before every call is answered.
    """
    answers: list[Answer] = []
    for start in range(0, len(calls), together):
        answers += await _ask_together(graph, asker, calls[start : start + together], budget)
    return answers


async def _ask_together(
    graph: GraphClient, asker: Asker, calls: Sequence[Call], budget: Budget
) -> list[Answer]:
    if len(calls) == 1 and SEARCH not in calls[0].url:  # addresses belong into no URL, which proxies log
        return [await graph.ask(asker, calls[0], budget)]
    answers: dict[int, Answer] = {}
    async for attempt in graph.pace.tries(asker.throttle, budget):
        with attempt:
            waiting = [number for number in range(len(calls)) if number not in answers]
            is_chain = len(waiting) > AT_A_TIME
            batch = _batch(calls, waiting, is_chain=is_chain)
            slots = 1 if is_chain else len(waiting)
            answer = (await graph.attempt(asker, batch, budget, slots)).require_ok()
            inner = read_inner_answers(answer)
            answers |= _final(inner, calls, waiting)
            waiting = [number for number in waiting if number not in answers]
            if is_chain and waiting and _is_broken(inner):
                rest = [calls[number] for number in waiting]
                again = await ask_all(graph, asker, rest, budget, together=AT_A_TIME)
                answers |= dict(zip(waiting, again, strict=True))
            elif waiting:
                raise _again(graph, asker, inner)
    return [answers[number] for number in range(len(calls))]


def _batch(calls: Sequence[Call], waiting: Sequence[int], *, is_chain: bool) -> Call:
    items, before = [], ""
    for number in waiting:
        items.append(calls[number].item(str(number), before if is_chain else ""))
        before = str(number)
    headers = {"Content-Type": "application/json"}
    return Call("POST", BATCH, headers, json.dumps({"requests": items}).encode())


def read_inner_answers(answer: Answer) -> dict[int, Answer]:
    """The answers inside a batch's answer, by the number of their call."""
    found = {}
    responses = answer.json.get("responses")
    for response in responses if isinstance(responses, list) else []:
        if (number := str(response.get("id"))).isdigit():
            found[int(number)] = replace(read_inner(response), instead_of=answer.instead_of, root=answer.root)
    return found


def _is_broken(inner: Mapping[int, Answer]) -> bool:
    """Whether a refusal, and nothing that passes, kept the rest of a chain from being begun."""
    refused = [each for each in inner.values() if not each.is_ok and each.status != FAILED_DEPENDENCY]
    return bool(refused) and not any(each.status in THROTTLED | TRANSIENT for each in refused)


def _final(inner: Mapping[int, Answer], calls: Sequence[Call], waiting: Sequence[int]) -> dict[int, Answer]:
    """The final ones; what is missing, throttled or was to follow a failure is left out."""
    found: dict[int, Answer] = {}
    for number in waiting:
        if number in inner:
            with suppress(AskAgain):
                found[number] = inner[number].require_final(is_repeatable=calls[number].is_repeatable)
    return found


def _again(graph: GraphClient, asker: Asker, inner: Mapping[int, Answer]) -> AskAgain:
    """What a batch left open is asked again after the longest pause that was asked for."""
    throttled = [answer for answer in inner.values() if answer.status in THROTTLED]
    pause = max((answer.pause for answer in throttled if answer.pause is not None), default=None)
    if pause:
        graph.pace.close(asker.throttle, pause)
    return AskAgain(pause, is_throttled=any(answer.is_throttled for answer in throttled))
