"""CRM records: found, to choose from, and the one card that others in a chat see."""

from collections.abc import Mapping

from cards.elements import (
    Card,
    Element,
    beside,
    buttons,
    card,
    execute,
    group,
    heading,
    line,
    open_url,
    small,
    title,
)
from cards.plain import Text, joined, plain
from cards.words import Words
from insights.views import RecordItem, RecordPage

NAME = 80
LABEL = 40
QUOTED = 80
SHARED = "1.3"
"""The schema version of cards that are put into a chat."""


def found_card(
    text: str,
    page: RecordPage,
    links: Mapping[tuple[str, str], str],
    labels: Mapping[str, str],
    words: Words,
) -> Card:
    """Records that match what was searched; verb `untracked` with id `table:id`, and a link to each."""
    quoted = plain(text, QUOTED)
    if not page.items:
        empty = line(words("found.empty", text=quoted))
        return card(words, [heading(words, "found.empty_title"), empty])
    body = [heading(words, "found.title"), small(words("found.for", text=quoted))]
    for record in page.items:
        link = links.get((record.table, record.id))
        actions = [_untracked(record, words)] + ([open_url(words("open"), link)] if link else [])
        told = _told(record, labels, words)
        body.append(group([*told, buttons(*actions, spacing="Small")], separator=True, spacing="Medium"))
    return card(words, body + _more(page, words))


def choose_card(text: str, page: RecordPage, labels: Mapping[str, str], words: Words) -> Card:
    """Several records match what was asked: one button each, verb `untracked`."""
    body = [heading(words, "choose.title"), small(words("choose.text", text=plain(text, QUOTED)))]
    for record in page.items:
        name = words("choose.name", record=_name(record, words))
        button = execute(words("choose"), "untracked", f"{record.table}:{record.id}", tooltip=name)
        body.append(beside(_told(record, labels, words), button, spacing="Medium"))
    return card(words, body + _more(page, words))


def record_card(record: RecordItem, label: str, link: str, words: Words) -> Card:
    """A record as everyone in a chat may see it: CRM name, kind of record, our link; nothing else."""
    body = [
        title(_name(record, words)),
        small(plain(label, LABEL)),
        buttons(open_url(words("open"), link)),
    ]
    return card(words, body, version=SHARED)


def record_preview(record: RecordItem, label: str, words: Words) -> dict[str, str]:
    """A search result as a thumbnail card's content: the same two facts as `record_card`."""
    return {"title": _name(record, words), "text": plain(label, LABEL)}


def _name(record: RecordItem, words: Words) -> Text:
    return plain(record.name, NAME) or words("record.no_name")


def _told(record: RecordItem, labels: Mapping[str, str], words: Words) -> list[Element]:
    kind = plain(labels.get(record.table, record.table), LABEL)
    return [
        line(_name(record, words), weight="Bolder"),
        small(joined(kind, plain(record.subtitle, NAME))),
    ]


def _untracked(record: RecordItem, words: Words) -> Element:
    name = words("found.untracked_name", record=_name(record, words))
    return execute(words("found.untracked"), "untracked", f"{record.table}:{record.id}", tooltip=name)


def _more(page: RecordPage, words: Words) -> list[Element]:
    return [small(words("found.more"), spacing="Medium")] if page.next else []
