"""The baseline: an echo bot on botbuilder's CloudAdapter, as its samples show it, without an app id."""

from aiohttp import web
from botbuilder.core import ActivityHandler, TurnContext
from botbuilder.integration.aiohttp import CloudAdapter, ConfigurationBotFrameworkAuthentication

from benchmarks.turns.listening import alive, read_port


class Anonymous:
    """The configuration of a bot that checks no token and sends none."""

    APP_ID = ""
    APP_PASSWORD = ""
    APP_TYPE = "MultiTenant"
    APP_TENANTID = ""


class Echo(ActivityHandler):
    """Says what it hears."""

    async def on_message_activity(self, turn_context: TurnContext) -> None:
        """Send the text back."""
        await turn_context.send_activity(turn_context.activity.text)


def create_app() -> web.Application:
    """The bot at `/api/messages`."""
    adapter, bot = CloudAdapter(ConfigurationBotFrameworkAuthentication(Anonymous())), Echo()

    async def receive(request: web.Request) -> web.StreamResponse:
        answer: web.StreamResponse = await adapter.process(request, bot)
        return answer

    app = web.Application()
    app.router.add_post("/api/messages", receive)
    app.router.add_get("/healthz", alive)
    return app


if __name__ == "__main__":
    web.run_app(create_app(), host="127.0.0.1", port=read_port(), access_log=None)
