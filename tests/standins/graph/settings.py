"""`/mailboxSettings`: time zone, working hours and the rest."""

from typing import TYPE_CHECKING

from tests.standins.graph.errors import no_such_segment
from tests.standins.graph.times import find_zone
from tests.standins.graph.wire import Answer, Call, Json

if TYPE_CHECKING:
    from tests.standins.graph.server import GraphStandin

SETTINGS = "mailboxSettings"


def default_settings(*, is_shared: bool = False) -> Json:
    """What a new mailbox has."""
    return {
        "automaticRepliesSetting": {
            "status": "disabled",
            "externalAudience": "all",
            "internalReplyMessage": "",
            "externalReplyMessage": "",
        },
        "timeZone": "UTC",
        "language": {"locale": "en-US", "displayName": "English (United States)"},
        "workingHours": {
            "daysOfWeek": ["monday", "tuesday", "wednesday", "thursday", "friday"],
            "startTime": "08:00:00.0000000",
            "endTime": "17:00:00.0000000",
            "timeZone": {"name": "UTC"},
        },
        "userPurpose": "shared" if is_shared else "user",
        "dateFormat": "M/d/yyyy",
        "timeFormat": "h:mm tt",
        "delegateMeetingMessageDeliveryOptions": "sendToDelegateOnly",
    }


def get_settings(_graph: "GraphStandin", call: Call) -> Answer:
    """All settings, or one by name."""
    context = f"{call.base_url}/$metadata#users('{call.user.id}')/mailboxSettings"
    name = call.keys.get("setting")
    if name is None:
        return Answer(200, {"@odata.context": context} | call.mailbox.settings, SETTINGS)
    if name not in call.mailbox.settings:
        raise no_such_segment(name)
    value = call.mailbox.settings[name]
    if isinstance(value, dict):
        return Answer(200, {"@odata.context": f"{context}/{name}"} | value, SHAPES[name])
    return Answer(200, {"@odata.context": f"{context}/{name}", "value": value})


def update_settings(graph: "GraphStandin", call: Call) -> Answer:
    """Change settings; the answer has those that were changed."""
    given = call.json()
    graph.check_body(SETTINGS, given)
    if given.get("timeZone"):
        find_zone(given["timeZone"])
    call.mailbox.settings |= {name: value for name, value in given.items() if "@" not in name}
    context = f"{call.base_url}/$metadata#users('{call.user.id}')/mailboxSettings"
    return Answer(200, {"@odata.context": context} | given, SETTINGS)


SHAPES = {
    "automaticRepliesSetting": "automaticRepliesSetting",
    "language": "localeInfo",
    "workingHours": "workingHours",
}
