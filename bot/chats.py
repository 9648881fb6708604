"""Where the bot talks: who somebody in a chat is, replying, and reaching users in their own chat."""

from collections.abc import Mapping
from time import monotonic
from typing import Any

from bot.activities import Incoming
from bot.connector import ATTEMPTS, Connector
from bot.conversations import Conversation, Conversations, greeting_key
from bot.drawings import Place
from bot.trust import Trust
from insights.errors import NotAllowed, NotFound, Problem
from insights.model import User
from insights.services import Services

KNOWN_SECONDS = 2.0
"""How long who somebody is need not be asked again; what they may read is asked each time."""


class Chats:
    """The chats of one installation."""

    def __init__(self, services: Services, connector: Connector, trust: Trust) -> None:
        self._trust = trust
        self.conversations = Conversations(services)
        self._services = services
        self._connector = connector
        self._users: dict[str, tuple[User, float]] = {}

    def are_ours(self, incoming: Incoming) -> bool:
        """Whether an activity comes from a tenant of ours, so that its people are who it says."""
        return self._trust.knows(incoming.tenant_ids)

    async def identify(self, incoming: Incoming) -> User | None:
        """The CRM user who sent an activity, by Entra object id; None for strangers."""
        object_id = incoming.sender.aad_object_id or await self._object_id(incoming)
        now = monotonic()
        user, good_until = self._users.get(object_id, (None, 0.0))
        if user is None or now > good_until:
            user = await self._services.crm.user_by_object_id(object_id) if object_id else None
            self._users = {known: entry for known, entry in self._users.items() if entry[1] > now}
            self._users |= {object_id: (user, now + KNOWN_SECONDS)} if user else {}
        return user

    async def remember(self, incoming: Incoming, user: User) -> None:
        """Keep how the user is reached."""
        await self.conversations.remember(Conversation.of(incoming, user.id))

    async def greet(self, incoming: Incoming) -> bool:
        """Whether to say hello: one installation is told in up to two activities."""
        return await self.conversations.take_key(greeting_key(incoming.conversation_id))

    async def reply(self, incoming: Incoming, activity: Mapping[str, Any]) -> str:
        """Answer in the conversation of an activity; the id of the answer."""
        addressed = _addressed(activity, incoming.recipient.id, incoming.sender.id, incoming.conversation_id)
        if incoming.id:
            addressed["replyToId"] = incoming.id
        return await self._connector.send(incoming.service_url, incoming.conversation_id, addressed)

    async def update(self, place: Place, activity: Mapping[str, Any]) -> None:
        """Replace what stands at a place."""
        await self._connector.update(place.service_url, place.conversation_id, place.activity_id, activity)

    async def push(self, conversation: Conversation, activity: Mapping[str, Any]) -> Place:
        """Send to somebody's own chat by itself, once: what is tried again is decided by who keeps count."""
        return await self._send(conversation, activity, attempts=1)

    async def send_privately(self, incoming: Incoming, activity: Mapping[str, Any]) -> Place:
        """Send to the own chat of who sent `incoming`; raises NotAllowed where our app is not there."""
        user = await self.identify(incoming)
        known = await self.conversations.find(user.id) if user else None
        if known and known.service_url != incoming.service_url:
            known = None
        if known:
            try:
                return await self._send(known, activity)
            except (NotFound, NotAllowed):
                await self.conversations.forget(known.conversation_id)
        return await self._send(await self._open(incoming, user), activity)

    async def _send(
        self, conversation: Conversation, activity: Mapping[str, Any], *, attempts: int = ATTEMPTS
    ) -> Place:
        service_url, conversation_id = conversation.service_url, conversation.conversation_id
        addressed = _addressed(activity, conversation.bot_id, conversation.member_id, conversation_id)
        activity_id = await self._connector.send(service_url, conversation_id, addressed, attempts=attempts)
        return Place(service_url, conversation_id, activity_id)

    async def _open(self, incoming: Incoming, user: User | None) -> Conversation:
        """The own chat with the sender, made if there is none."""
        parameters = {
            "bot": {"id": incoming.recipient.id},
            "members": [{"id": incoming.sender.id}],
            "isGroup": False,
            "tenantId": incoming.tenant_id,
            "channelData": {"tenant": {"id": incoming.tenant_id}},
        }
        conversation_id = await self._connector.create_conversation(incoming.service_url, parameters)
        if not conversation_id:
            raise NotFound("no_conversation.not_opened")
        opened = Conversation(
            user_id=user.id if user else "",
            conversation_id=conversation_id,
            service_url=incoming.service_url,
            channel_id=incoming.channel_id,
            tenant_id=incoming.tenant_id,
            bot_id=incoming.recipient.id,
            member_id=incoming.sender.id,
        )
        if user:
            await self.conversations.remember(opened)
        return opened

    async def _object_id(self, incoming: Incoming) -> str:
        """The sender's Entra object id from the roster, "" where it lists none of our people."""
        if not incoming.sender.id:
            return ""
        try:
            member = await self._connector.member(
                incoming.service_url, incoming.conversation_id, incoming.sender.id
            )
        except Problem:
            return ""  # who is not in the roster is a stranger, as who is but has no account
        object_id, tenant_id = member.get("aadObjectId") or member.get("objectId"), member.get("tenantId")
        is_ours = self._trust.knows([tenant_id] if isinstance(tenant_id, str) else [])
        return object_id if is_ours and isinstance(object_id, str) else ""


def _addressed(
    activity: Mapping[str, Any], bot_id: str, member_id: str, conversation_id: str
) -> dict[str, Any]:
    return {
        **activity,
        "from": {"id": bot_id},
        "recipient": {"id": member_id},
        "conversation": {"id": conversation_id},
    }
