"""The list of email that is not tracked yet, with *Track* on each row."""

from typing import Literal

from cards.elements import Card, Element, beside, buttons, card, execute, group, heading, line, small, title
from cards.plain import Text, capitalized, joined, moment, plain
from cards.words import Words
from insights.capture.views import Item, UntrackedList, UntrackedRow
from insights.mail.addresses import relation_key
from insights.model import TrackState
from insights.views import RecordItem

SUBJECT = 70
PERSON = 44
CHOICE = 34
DETAIL = 20
TOOLTIP = 24
CAUSE = 120
Verb = Literal["track", "untrack", "retry"]
NONE = "none"
"""The choice that tracks an email without regarding."""
TOLD_BY_KIND = {"account", "contact", "lead"}
"""Records that their kind tells apart; for others it is whose they are."""


def untracked_card(page: UntrackedList, list_id: str, words: Words) -> Card:
    """A page of the caller's own email; verbs `track`, `untrack`, `retry`, `page` with ids under `list_id`.

    Which record an email is about comes as the input `regarding {email id}`: `table:id`, or `none`.
    """
    body = [*_head(page, words)]
    if page.rows and all(row.item.state == TrackState.TRACKED for row in page.rows):
        body.append(small(words("untracked.all_tracked")))
    if page.notice:
        body.append(line(words.told(page.notice)))
    body += [_row(row, list_id, words) for row in page.rows]
    if not page.rows and not page.notice:
        body.append(line(_empty(page, words)))
    if turning := _turning(page, list_id, words):
        body.append(buttons(*turning))
    if any("track" in row.item.may for row in page.rows):
        body.append(small(words("untracked.audience", count=page.audience), spacing="Medium"))
    return card(words, body)


def failure_card(item: Item, card_id: str, words: Words, *, notice: Text | None = None) -> Card:
    """An email that was not tracked, as it stands now; verbs `retry` and `untrack`, ids as in the list.

    To track it anew where it was untracked since takes the list, which has what it could be about.
    """
    offered = item.model_copy(update={"may": [each for each in item.may if each != "track"]})
    body = [heading(words, "failure.title")]
    if notice:
        body.append(line(notice))
    return card(words, [*body, _row(UntrackedRow(item=offered, choices=[]), card_id, words)])


def _head(page: UntrackedList, words: Words) -> list[Element]:
    if page.record is None:
        return [heading(words, "untracked.title")]
    return [
        title(plain(page.record.name, SUBJECT) or words("record.no_name")),
        heading(words, "untracked.title", size="Default", weight="Default", isSubtle=True, spacing="None"),
    ]


def _turning(page: UntrackedList, list_id: str, words: Words) -> list[Element]:
    """The buttons that lead to other pages."""
    newest = [] if page.is_first else [execute(words("untracked.newest"), "page", f"{list_id}/")]
    older = [execute(words("untracked.older"), "page", f"{list_id}/{page.next}")] if page.next else []
    return newest + older


def _empty(page: UntrackedList, words: Words) -> Text:
    if page.next:
        return words("untracked.more")
    if page.record:
        return words("untracked.empty_record", record=page.record.name)
    return words("untracked.empty")


def _row(row: UntrackedRow, list_id: str, words: Words) -> Element:
    item = row.item
    subject = plain(item.subject, SUBJECT) or words("email.no_subject")
    about = [line(subject, weight="Bolder"), small(_about(row, words))]
    return group([*about, *_state(row, f"{list_id}/{item.id}", words)], separator=True, spacing="Medium")


def _about(row: UntrackedRow, words: Words) -> Text:
    """Who wrote or got it, when it was sent, and how many files it has."""
    count = sum(not attachment.is_inline for attachment in row.item.attachments)
    files = words("email.attachments", count=count) if count else Text()
    return joined(_who(row, words), moment(row.item.at), files)


def _who(row: UntrackedRow, words: Words) -> Text:
    item = row.item
    if item.why:
        return capitalized(words.told(item.why, PERSON))
    if item.direction == "outgoing":
        return _recipients(row, words) if item.to else Text()
    name = item.sender_name or item.sender
    return words("email.from", name=plain(name, PERSON)) if name else Text()


def _recipients(row: UntrackedRow, words: Words) -> Text:
    """One recipient, rather one whom the CRM knows by name, and how many others there are."""
    names = {relation_key(record.subtitle): record.name for record in row.choices if record.name}
    known = (names.get(key) for key in map(relation_key, row.item.to) if key)
    name = plain(next(filter(None, known), row.item.to[0]), PERSON)
    others = len(row.item.to) - 1
    return words("email.to_others", name=name, count=others) if others else words("email.to", name=name)


def _state(row: UntrackedRow, id_: str, words: Words) -> list[Element]:
    """What stands with the email, and what the caller may do about it."""
    item = row.item
    match item.state:
        case TrackState.PENDING:
            return [line(words("state.pending"), spacing="Small", color="Accent")]
        case TrackState.TRACKED:
            return [_with_button("untrack", _tracked(item, words), item, id_, words)]
        case TrackState.FAILED:
            return [_with_button("retry", _failed(item, words), item, id_, words)]
        case _ if "track" in item.may:
            return [beside([_regarding(row, words)], _button("track", item, id_, words))]
        case _:
            return []


def _regarding(row: UntrackedRow, words: Words) -> Element:
    choices = [
        {"title": _choice(record, words), "value": f"{record.table}:{record.id}"} for record in row.choices
    ]
    choices.append({"title": words("regarding.none"), "value": NONE})
    return {
        "type": "Input.ChoiceSet",
        "id": f"regarding {row.item.id}",
        "placeholder": words("regarding.title"),
        "style": "compact",
        "value": choices[0]["value"],
        "choices": choices,
    }


def _choice(record: RecordItem, words: Words) -> Text:
    """A record's name with what tells it from others of that name: its kind, or whose it is."""
    name = plain(record.name, CHOICE) or words("record.no_name")
    key, whose = f"table.{record.table}", plain(record.subtitle, DETAIL)
    kind = words(key) if key in words else Text()
    return joined(name, kind if record.table in TOLD_BY_KIND else whose or kind)


def _tracked(item: Item, words: Words) -> list[Element]:
    about = words("email.regarding", record=plain(item.regarding.name, PERSON)) if item.regarding else Text()
    by = item.tracked_by
    if by is None:
        return [line(words("state.tracked"), spacing="None"), *([small(about)] if about else [])]
    key = "state.tracked_by" if "untrack" in item.may else "state.tracked_by_colleague"
    told = line(words(key, name=plain(by.name, PERSON), time=by.at), spacing="None")
    return [told, *([small(about)] if about else [])]


def _failed(item: Item, words: Words) -> list[Element]:
    cause = words.told(item.failure.cause, CAUSE) if item.failure else words("state.no_cause")
    told = [line(words("state.failed", cause=cause), spacing="None", weight="Bolder")]
    if item.failure and item.failure.action:
        told.append(small(words.told(item.failure.action, CAUSE)))
    return told


def _with_button(verb: Verb, told: list[Element], item: Item, id_: str, words: Words) -> Element:
    if verb in item.may:
        return beside(told, _button(verb, item, id_, words))
    return group(told, spacing="Small")


def _button(verb: Verb, item: Item, id_: str, words: Words) -> Element:
    """A button whose tooltip tells its email, so that a screen reader's list of buttons makes sense."""
    subject = plain(item.subject, TOOLTIP) or words("email.no_subject")
    return execute(words(verb), verb, id_, tooltip=words(f"{verb}.name", subject=subject))
