"""The bot's adapter on `BotAdapter`: validates who calls, keeps one pooled session, sends plain dicts.

botbuilder's own adapters make new HTTP clients each turn, and serialising through msrest costs most of
a turn; so incoming activities are read by `activities.py`, and outgoing ones leave as they are.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from botbuilder.core import BotAdapter, InvokeResponse, TurnContext
from botbuilder.schema import (
    Activity,
    ActivityTypes,
    ChannelAccount,
    ConversationAccount,
    ConversationReference,
    ResourceResponse,
)
from typing_extensions import override

from bot.activities import Account, Incoming, read_activity
from bot.connector import Connector
from bot.tokens import TokenValidator
from bot.trust import Trust

INCOMING = "liaison.incoming"
INVOKE_RESPONSE = "BotFrameworkAdapter.InvokeResponse"
Logic = Callable[[TurnContext], Awaitable[None]]


class Adapter(BotAdapter):
    """Turns activities into turns; without `validator` only clients on this machine are believed."""

    def __init__(self, connector: Connector, validator: TokenValidator | None, trust: Trust) -> None:
        super().__init__()
        self._trust = trust
        self.connector = connector
        self._validator = validator

    async def process(self, raw: bytes, authorization: str, base_url: str, logic: Logic) -> tuple[int, Any]:
        """Run a turn: (status, JSON) of an invoke, (200, None) for others.

        Raises Invalid, NotSignedIn, NotAllowed.
        """
        claims = await self._validator.read_claims(authorization) if self._validator else None
        incoming = read_activity(raw, base_url)
        if claims:
            claims.require_match(incoming)
        self._trust.require_origin(incoming)
        context = TurnContext(self, _activity(incoming))
        context.turn_state[INCOMING] = incoming
        await self.run_pipeline(context, logic)
        answer: InvokeResponse | None = context.turn_state.get(INVOKE_RESPONSE)
        return (answer.status, answer.body) if answer else (200, None)

    @override
    async def send_activities(
        self, context: TurnContext, activities: Sequence[Activity | Mapping[str, Any]]
    ) -> list[ResourceResponse]:
        incoming: Incoming = context.turn_state[INCOMING]
        sent = []
        for activity in activities:
            body = activity.serialize() if isinstance(activity, Activity) else activity
            if body.get("type") == ActivityTypes.invoke_response:
                context.turn_state[INVOKE_RESPONSE] = InvokeResponse(**body["value"])
                sent.append(ResourceResponse())
                continue
            activity_id = await self.connector.send(incoming.service_url, incoming.conversation_id, body)
            sent.append(ResourceResponse(id=activity_id))
        return sent

    @override
    async def update_activity(self, context: TurnContext, activity: Activity | Mapping[str, Any]) -> None:
        incoming: Incoming = context.turn_state[INCOMING]
        body = activity.serialize() if isinstance(activity, Activity) else activity
        await self.connector.update(incoming.service_url, incoming.conversation_id, body["id"], body)

    @override
    async def delete_activity(self, context: TurnContext, reference: ConversationReference) -> None:
        await self.connector.delete(reference.service_url, reference.conversation.id, reference.activity_id)


def _activity(incoming: Incoming) -> Activity:
    return Activity(
        type=incoming.type,
        id=incoming.id,
        name=incoming.name,
        text=incoming.text,
        locale=incoming.locale,
        action=incoming.action,
        value=incoming.value,
        channel_id=incoming.channel_id,
        service_url=incoming.service_url,
        reply_to_id=incoming.reply_to_id,
        from_property=_account(incoming.sender),
        recipient=_account(incoming.recipient),
        conversation=ConversationAccount(id=incoming.conversation_id, is_group=incoming.is_group),
        members_added=[ChannelAccount(id=member) for member in incoming.added],
        members_removed=[ChannelAccount(id=member) for member in incoming.removed],
    )


def _account(account: Account) -> ChannelAccount:
    return ChannelAccount(id=account.id, name=account.name, aad_object_id=account.aad_object_id)
