"""Reading buttons from the JSON of an activity; None where there is none."""

from collections.abc import Mapping
from typing import Any

from bot.activities import Incoming
from bot.turns import Press


def read_execute(value: Mapping[str, Any]) -> Press | None:
    """The Action.Execute of an invoke's value."""
    action = read_object(value, "action")
    return _read_press(action.get("verb"), read_object(action, "data"))


def read_submit(incoming: Incoming) -> Press | None:
    """The Action.Submit that a message is."""
    if incoming.text or not isinstance(incoming.value, dict):
        return None
    return _read_press(incoming.value.get("verb"), incoming.value)


def read_object(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A part that is an object, {} where it is none."""
    found = value.get(name)
    return found if isinstance(found, dict) else {}


def _read_press(verb: object, data: Mapping[str, Any]) -> Press | None:
    given = data.get("id")
    if not isinstance(verb, str) or not isinstance(given, str | None):
        return None
    return Press(
        verb, given or "", {name: value for name, value in data.items() if name not in {"id", "verb"}}
    )
