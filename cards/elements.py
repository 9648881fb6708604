"""The shapes that cards share: text that is never Markdown, rows, buttons, and the card around them."""

from collections.abc import Sequence
from typing import Any

from cards.plain import Text
from cards.words import Words

Card = dict[str, Any]
Element = dict[str, Any]
SCHEMA = "http://adaptivecards.io/schemas/adaptive-card.json"
MOST_BUTTONS = 6
"""How many buttons Teams shows side by side; it drops the rest."""


def card(words: Words, body: Sequence[Element], *, version: str = "1.5") -> Card:
    """A card in the direction of its words.

    Dates follow the reader's client: it is not told a `lang`, which its renderer takes every other time only.
    """
    shown: Card = {"type": "AdaptiveCard", "$schema": SCHEMA, "version": version}
    if words.direction == "rtl":
        shown["rtl"] = True
    return shown | {"body": list(body)}


def heading(words: Words, key: str, **style: object) -> Element:
    """A heading, also to screen readers; it takes a key without names, for it would show Markdown."""
    return {"type": "TextBlock", "text": words(key), "style": "heading", "wrap": True, **style}


def title(text: Text) -> Element:
    """A name as large as a heading."""
    return line(text, size="Large", weight="Bolder")


def line(text: Text, *, spacing: str = "Default", **style: object) -> Element:
    """A text in one style."""
    return lines(run(text, **style), spacing=spacing)


def small(text: Text, *, spacing: str = "None", **style: object) -> Element:
    """What explains the line above it."""
    return line(text, spacing=spacing, size="Small", isSubtle=True, **style)


def lines(*runs: Element, spacing: str = "Default") -> Element:
    """Runs of text in one block; the client shows them as they are."""
    return _spaced({"type": "RichTextBlock", "inlines": list(runs)}, spacing)


def run(text: Text, **style: object) -> Element:
    """A piece of a line in its own style."""
    return {"type": "TextRun", "text": text, **style}


def group(items: Sequence[Element], **style: object) -> Element:
    """Elements that belong together."""
    return {"type": "Container", "items": list(items), **style}


def beside(
    items: Sequence[Element], button: Element, *, align: str = "Center", spacing: str = "Small"
) -> Element:
    """Elements over the width of the card, and a button at its edge: `Top`, `Center` or `Bottom`."""
    columns = [
        {"type": "Column", "width": "stretch", "verticalContentAlignment": align, "items": list(items)},
        {"type": "Column", "width": "auto", "verticalContentAlignment": align, "items": [buttons(button)]},
    ]
    return {"type": "ColumnSet", "spacing": spacing, "columns": columns}


def buttons(*actions: Element, spacing: str = "Default") -> Element:
    """Buttons side by side, at most `MOST_BUTTONS`."""
    return _spaced({"type": "ActionSet", "actions": list(actions)}, spacing)


def _spaced(element: Element, spacing: str) -> Element:
    """The element; the default goes without saying, which keeps long lists small."""
    return element if spacing == "Default" else element | {"spacing": spacing}


def execute(text: Text, verb: str, id: str, **style: object) -> Element:  # noqa: A002 (the name in `data`)
    """A button that changes something: it carries a verb and an id; old clients submit the same."""
    submit = {"type": "Action.Submit", "title": text, "data": {"verb": verb, "id": id}}
    return {
        "type": "Action.Execute",
        "title": text,
        "verb": verb,
        "data": {"id": id},
        **style,
        "fallback": submit,
    }


def open_dialog(text: Text, dialog: str, verb: str, id: str) -> Element:  # noqa: A002 (the name in `data`)
    """A button that opens a form over the chat; a client without dialogs submits verb and id instead."""
    data = {"msteams": {"type": "task/fetch"}, "dialog": dialog, "verb": verb, "id": id}
    return {"type": "Action.Submit", "title": text, "data": data}


def submit(text: Text, dialog: str, **data: object) -> Element:
    """The button of a form in a dialog: it carries the form's name and what else it is told."""
    return {"type": "Action.Submit", "title": text, "style": "positive", "data": {"dialog": dialog, **data}}


def open_url(text: Text, url: str) -> Element:
    """A button that is a link."""
    return {"type": "Action.OpenUrl", "title": text, "url": url}
