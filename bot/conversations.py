"""How users are reached in their own chat with the bot, and which activities were taken already."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, and_, delete, func, not_, select

from bot.activities import Incoming
from bot.trust import Trust
from insights import outbox
from insights.database import insert_into
from insights.outside import read_address
from insights.services import Services
from insights.tables import conversations, places, taken_activities

REDELIVERED = timedelta(days=1)
"""How long an activity is remembered; channels deliver again within minutes."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation reference: the own chat of a user with the bot."""

    user_id: str
    conversation_id: str
    service_url: str
    channel_id: str
    tenant_id: str
    bot_id: str
    member_id: str

    @classmethod
    def of(cls, incoming: Incoming, user_id: str) -> "Conversation":
        """The reference that an activity from the own chat carries."""
        return cls(
            user_id=user_id,
            conversation_id=incoming.conversation_id,
            service_url=incoming.service_url,
            channel_id=incoming.channel_id,
            tenant_id=incoming.tenant_id,
            bot_id=incoming.recipient.id,
            member_id=incoming.sender.id,
        )


class Conversations:
    """References in the database; what was read stays in memory, for it is asked for at every turn."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._known: dict[str, Conversation] = {}
        # Built once: every turn runs it.
        self._taking = services.database.insert(taken_activities).on_conflict_do_nothing()

    async def remember(self, conversation: Conversation) -> bool:
        """Keep how the user is reached; whether nothing was known before."""
        known = await self.find(conversation.user_id)
        if known != conversation:
            await self._services.database.write(_upsert, conversation, self._services.now())
            self._known[conversation.user_id] = conversation
        return known is None

    async def find(self, user_id: str) -> Conversation | None:
        """How the user is reached."""
        known = self._known.get(user_id) or await self._services.database.read(_select, user_id)
        if known:
            self._known[user_id] = known
        return known

    def doubt(self, conversation_id: str) -> None:
        """Read anew how this chat is reached: another process may have heard that the app was uninstalled."""
        self._known = {
            user_id: known
            for user_id, known in self._known.items()
            if known.conversation_id != conversation_id
        }

    async def look_up(self, user_id: str) -> Conversation | None:
        """The same from the database, whatever this process remembers."""
        return await self._services.database.read(_select, user_id)

    async def forget(self, conversation_id: str) -> None:
        """Let go of the chat, after the app was uninstalled there."""
        await self._services.database.write(_delete, conversation_id, self._services.clock())
        self.doubt(conversation_id)

    async def forget_foreign(self, trust: Trust) -> None:
        """Let go of chats that an older version kept and this one would not, and of the cards there."""
        await self._services.database.write(_delete_foreign, trust)
        self._known = {}

    async def take(self, incoming: Incoming) -> bool:
        """Whether this is the first delivery of the activity."""
        return await self.take_key(incoming.key) if incoming.key else True

    async def take_key(self, key: str) -> bool:
        """Whether nothing was taken under this key yet."""
        now = self._services.now()
        return await self._services.database.write(_take, self._taking, key, now)


def greeting_key(conversation_id: str) -> str:
    """The key under which a chat's greeting is taken."""
    return sha256(f"greeting\n{conversation_id}".encode()).hexdigest()


async def forget_taken(services: Services) -> int:
    """Drop what can no longer be delivered again; how many."""
    return await services.database.write(_forget_taken, services.now() - REDELIVERED)


def _select(connection: Connection, user_id: str) -> Conversation | None:
    columns = [conversations.c[name] for name in Conversation.__slots__]
    row = connection.execute(select(*columns).where(conversations.c.user_id == user_id)).one_or_none()
    return _rebuilt(Conversation(*row)) if row else None


def _rebuilt(kept: Conversation) -> Conversation:
    """As it would be kept today: older versions kept service URLs as they came."""
    address = read_address(kept.service_url)
    return replace(kept, service_url=str(address)) if address else kept


def _upsert(connection: Connection, conversation: Conversation, now: datetime) -> None:
    values = {name: getattr(conversation, name) for name in Conversation.__slots__} | {"changed_at": now}
    connection.execute(
        insert_into(connection, conversations)
        .values(values)
        .on_conflict_do_update(index_elements=["user_id"], set_=values)
    )


def _delete(connection: Connection, conversation_id: str, now: datetime) -> None:
    gone = delete(conversations).where(conversations.c.conversation_id == conversation_id)
    user_ids = connection.execute(gone.returning(conversations.c.user_id)).scalars().all()
    outbox.end_all(connection, user_ids, now, "uninstalled")
    connection.execute(delete(places).where(places.c.conversation_id == conversation_id))
    greeted = taken_activities.c.key == greeting_key(conversation_id)
    connection.execute(delete(taken_activities).where(greeted))


def _delete_foreign(connection: Connection, trust: Trust) -> None:
    is_known = conversations.c.channel_id.in_(trust.channels)
    is_ours = func.lower(conversations.c.tenant_id).in_(trust.tenants or ())
    connection.execute(delete(conversations).where(not_(and_(is_known, is_ours))))
    # A card stands in the own chat of a user, and a user has one with us.
    connection.execute(
        delete(places).where(places.c.conversation_id.not_in(select(conversations.c.conversation_id)))
    )


def _take(connection: Connection, statement: Any, key: str, now: datetime) -> bool:
    return bool(connection.execute(statement, {"key": key, "at": now}).rowcount)


def _forget_taken(connection: Connection, before: datetime) -> int:
    return connection.execute(delete(taken_activities).where(taken_activities.c.at < before)).rowcount
