"""Finding what somebody means by a name, and the links and labels of records in cards."""

from collections.abc import Sequence

from bot.rows import Command
from bot.turns import Answer, Turn
from cards.records import found_card
from insights.errors import Invalid
from insights.links import record_link
from insights.model import RecordRef
from insights.records import find_records
from insights.views import RecordItem, RecordPage

FOUND = 8


async def find_record(turn: Turn, text: str, *, limit: int) -> RecordPage:
    """Records by address where the text is one, else by name."""
    is_address = "@" in text and " " not in text
    return await find_records(
        turn.services,
        turn.user,
        text="" if is_address else text,
        email=text if is_address else "",
        table="",
        cursor=None,
        limit=limit,
    )


async def labels_of(turn: Turn) -> dict[str, str]:
    """What each table is called, by logical name."""
    return {table.name: table.label for table in await turn.services.crm.tables()}


def links_to(turn: Turn, records: Sequence[RecordItem]) -> dict[tuple[str, str], str]:
    """Where our own page of each record is, by table and id."""
    return {
        (item.table, item.id): record_link(turn.incoming.base_url, RecordRef(item.table, item.id))
        for item in records
    }


async def _find(turn: Turn, argument: str) -> Answer:
    if not argument:
        raise Invalid("find_what")
    page = await find_record(turn, argument, limit=FOUND)
    links = links_to(turn, page.items)
    return Answer(found_card(argument, page, links, await labels_of(turn), turn.words))


COMMANDS = (Command("find", _find),)
