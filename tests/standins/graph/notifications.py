"""Change and lifecycle notifications on their way to the subscribers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Literal

import aiohttp

from tests.standins.graph.mailbox import Mailbox
from tests.standins.graph.message import StoredMessage
from tests.standins.graph.subscriptions import Subscription
from tests.standins.graph.users import TENANT_ID, User
from tests.standins.graph.wire import Json

if TYPE_CHECKING:
    from tests.standins.graph.server import GraphStandin

LifecycleEvent = Literal["missed", "subscriptionRemoved", "reauthorizationRequired"]
TRIES = 3


class Notifications:
    """The queue of notifications and one courier that delivers them in order.

    `loses` drops what comes (nobody is told, as happens to the service); `sent` and `lost` count.
    """

    def __init__(self, graph: "GraphStandin") -> None:
        self.loses = False
        self.retry_seconds = 0.05
        self.sent, self.lost = 0, 0
        self.paused: set[str] = set()
        """Ids of subscriptions that wait for a reauthorisation."""
        self._graph = graph
        self._queue: asyncio.Queue[tuple[Subscription, Json]] = asyncio.Queue()

    def changed(self, mailbox: Mailbox, message: StoredMessage, change: str) -> None:
        """Queue what subscribers are to hear of a change."""
        for subscription in self._graph.subscriptions.values():
            is_here = subscription.user.mailbox is mailbox
            is_folder = subscription.folder_id in {"", message.folder_id}
            is_alive = subscription.is_alive(self._graph.now()) and subscription.id not in self.paused
            if is_here and is_folder and is_alive and change in subscription.changes:
                self._put(subscription, _change(subscription, message, change))

    def lifecycle(self, event: LifecycleEvent, user: User) -> int:
        """Tell the user's subscriptions of an event, and do what it says; the number of subscriptions."""
        concerned = [each for each in self._graph.subscriptions.values() if each.user is user]
        for subscription in concerned:
            self._tell(event, subscription)
        return len(concerned)

    async def settle(self) -> None:
        """Until everything queued has been delivered or given up."""
        await self._queue.join()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Deliver while the context lasts."""
        timeout = aiohttp.ClientTimeout(total=10)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            courier = asyncio.create_task(self._deliver_all(session))
            try:
                yield
            finally:
                courier.cancel()
                await asyncio.gather(courier, return_exceptions=True)

    def _tell(self, event: LifecycleEvent, subscription: Subscription) -> None:
        if event == "subscriptionRemoved":
            del self._graph.subscriptions[subscription.id]
        elif event == "reauthorizationRequired":
            self.paused.add(subscription.id)
        if subscription.values["lifecycleNotificationUrl"]:
            self._queue.put_nowait((subscription, _envelope(subscription) | {"lifecycleEvent": event}))

    def _put(self, subscription: Subscription, notification: Json) -> None:
        if self.loses:
            self.lost += 1
        else:
            self._queue.put_nowait((subscription, notification))

    async def _deliver_all(self, session: aiohttp.ClientSession) -> None:
        while True:
            subscription, notification = await self._queue.get()
            try:
                await self._deliver(session, subscription, notification)
            finally:
                self._queue.task_done()

    async def _deliver(
        self, session: aiohttp.ClientSession, subscription: Subscription, notification: Json
    ) -> None:
        """Try a few times; a change that could not be told becomes a `missed`."""
        is_lifecycle = "lifecycleEvent" in notification
        url = subscription.values["lifecycleNotificationUrl" if is_lifecycle else "notificationUrl"]
        for _ in range(TRIES):
            try:
                async with session.post(url, json={"value": [notification]}) as response:
                    if response.status < 300:
                        self.sent += 1
                        return
            except (aiohttp.ClientError, TimeoutError):
                pass  # as good as a refusal: tried again, then counted
            await asyncio.sleep(self.retry_seconds)
        self.lost += 1
        if not is_lifecycle and subscription.id in self._graph.subscriptions:
            self._tell("missed", subscription)


def _envelope(subscription: Subscription) -> Json:
    return {
        "subscriptionId": subscription.id,
        "subscriptionExpirationDateTime": subscription.values["expirationDateTime"],
        "clientState": subscription.values["clientState"],
        "tenantId": TENANT_ID,
    }


def _change(subscription: Subscription, message: StoredMessage, change: str) -> Json:
    message_id = message.immutable_id if subscription.is_immutable else message.id
    resource = f"Users/{subscription.user.id}/Messages/{message_id}"
    return _envelope(subscription) | {
        "changeType": change,
        "resource": resource,
        "resourceData": {
            "@odata.type": "#Microsoft.Graph.Message",
            "@odata.id": resource,
            "@odata.etag": f'W/"{message.values["changeKey"]}"',
            "id": message_id,
        },
    }
