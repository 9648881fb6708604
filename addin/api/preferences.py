"""What sellers choose for themselves."""

from addin.api import V1
from addin.http import Answer, Call, Route
from insights import choices
from insights.views import Preferences, PreferencesBody


async def read_preferences(call: Call) -> Answer:
    """The caller's own choices."""
    return Answer(await choices.read_preferences(call.services, call.user))


async def change_preferences(call: Call, body: PreferencesBody) -> Answer:
    """Change the caller's own choices."""
    return Answer(await choices.change_preferences(call.services, call.user, body))


ROUTES = (
    Route("GET", f"{V1}/preferences", read_preferences, "user", {200: Preferences}),
    Route("PUT", f"{V1}/preferences", change_preferences, "user", {200: Preferences}, refusals=(403,)),
)
