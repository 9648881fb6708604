"""For comparison: an echo bot on Microsoft's Agents SDK, as its samples show it, for anonymous callers."""

from aiohttp import web
from microsoft_agents.hosting.aiohttp import CloudAdapter, jwt_authorization_middleware, start_agent_process
from microsoft_agents.hosting.core import (
    AgentApplication,
    AgentAuthConfiguration,
    AnonymousTokenProvider,
    MemoryStorage,
    RestChannelServiceClientFactory,
    TurnContext,
    TurnState,
)

from benchmarks.turns.listening import alive, read_port


class Anonymous:
    """The connections of a bot that sends no token."""

    def get_token_provider(self, _identity: object, _service_url: str) -> AnonymousTokenProvider:
        """The provider of none."""
        return AnonymousTokenProvider()


async def echo(context: TurnContext, _: TurnState) -> None:
    """Send the text back."""
    await context.send_activity(context.activity.text)


def create_app() -> web.Application:
    """The bot at `/api/messages`."""
    connections = Anonymous()
    adapter = CloudAdapter(channel_service_client_factory=RestChannelServiceClientFactory(connections))
    agent = AgentApplication[TurnState](storage=MemoryStorage(), connection_manager=connections)

    agent.activity("message")(echo)

    async def receive(request: web.Request) -> web.StreamResponse:
        answer: web.StreamResponse = await start_agent_process(request, agent, adapter)
        return answer

    app = web.Application(middlewares=[jwt_authorization_middleware])
    app["agent_configuration"] = AgentAuthConfiguration(anonymous_allowed=True)
    app.router.add_post("/api/messages", receive)
    app.router.add_get("/healthz", alive)
    return app


if __name__ == "__main__":
    web.run_app(create_app(), host="127.0.0.1", port=read_port(), access_log=None)
