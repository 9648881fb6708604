"""The message extension: search a record, share its card; our own links unfurl.

Everyone in the chat sees such a card, so it shows the record's name and kind, nothing of its rows.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot.records import labels_of
from bot.turns import CARD, Turn, told
from cards.records import record_card, record_preview
from cards.words import Words
from insights.errors import NotFound, Problem
from insights.links import read_record_link, record_link
from insights.model import RecordRef
from insights.records import find_records
from insights.timelines import require_record
from insights.views import RecordItem

PREVIEW = "application/vnd.microsoft.card.thumbnail"
MOST = 25
QUERY = "query"
Search = Callable[[Turn, Mapping[str, Any]], Awaitable[dict[str, Any]]]


async def find(turn: Turn, value: Mapping[str, Any]) -> dict[str, Any]:
    """Records by name, all the caller may read where nothing was typed yet."""
    text = _typed(value)
    page = await find_records(
        turn.services,
        turn.user,
        text=text,
        email="",
        table="",
        cursor=None,
        limit=_count(value),
    )
    if not page.items:
        return message(turn.words("bot.nothing_found"))
    return await _result(turn, page.items)


async def unfurl(turn: Turn, value: Mapping[str, Any]) -> dict[str, Any]:
    """The card of the record that one of our links leads to; nothing for any other link."""
    url = value.get("url")
    ref = read_record_link(turn.incoming.base_url, url) if isinstance(url, str) else None
    if ref is None:
        return {}
    try:
        record = await require_record(turn.services, turn.user, ref)
    except NotFound:
        return {}  # a link to what the caller may not read stays a link
    return await _result(turn, [RecordItem.of(record)])


def message(text: str) -> dict[str, Any]:
    """An answer that says something instead of listing."""
    return {"composeExtension": {"type": "message", "text": text}}


def refusal(problem: Problem, words: Words) -> dict[str, Any]:
    """Why there is nothing to list, in words."""
    return message(told(problem, words))


def _typed(value: Mapping[str, Any]) -> str:
    """What was typed; Teams names the parameter as the manifest does, the Agents Playground not at all."""
    parameters = value.get("parameters")
    for parameter in parameters if isinstance(parameters, list) else ():
        if isinstance(parameter, dict) and parameter.get("name", QUERY) == QUERY:
            text = parameter.get("value")
            return text if isinstance(text, str) else ""
    return ""


def _count(value: Mapping[str, Any]) -> int:
    options = value.get("queryOptions")
    count = options.get("count") if isinstance(options, dict) else None
    return min(max(count, 1), MOST) if isinstance(count, int) else MOST


async def _result(turn: Turn, records: list[RecordItem]) -> dict[str, Any]:
    labels = await labels_of(turn)
    attachments = []
    for record in records:
        label = labels.get(record.table, record.table)
        link = record_link(turn.incoming.base_url, RecordRef(record.table, record.id))
        attachments.append(
            {
                "contentType": CARD,
                "content": record_card(record, label, link, turn.words),
                "preview": {"contentType": PREVIEW, "content": record_preview(record, label, turn.words)},
            }
        )
    return {"composeExtension": {"type": "result", "attachmentLayout": "list", "attachments": attachments}}


SEARCHES: Mapping[str, Search] = {
    "composeExtension/query": find,
    "composeExtension/queryLink": unfurl,
}
