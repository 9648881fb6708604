"""Hearing of new mail: one subscription per user who looks at mail here, and looks of our own beside it.

Graph's notifications come within a minute, but may get lost; a delta query finds what was missed. Both
only raise the number in `subscriptions`, which is the mailbox's version: nothing of the mail is kept.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import structlog

from connectors.graph import subscriptions
from connectors.graph.calls import path_of, send
from connectors.graph.client import GraphClient
from connectors.graph.delta import look
from connectors.graph.instants import read_instant, to_text
from connectors.graph.pace import BUDGET_SECONDS, LONG_BUDGET_SECONDS, Budget
from connectors.graph.problems import refused
from connectors.graph.rights import asker_of, is_own, owner_path
from connectors.graph.subscriptions import Subscription
from insights.choices import lists_untracked
from insights.database import Database
from insights.errors import Problem
from insights.model import Mailbox, User

log = structlog.get_logger(__name__)

LIFETIME = timedelta(minutes=10_000)
"""What we ask for, a week less some minutes; what we get stands in the answer."""
RENEWED_BEFORE = timedelta(days=1)
LOOK_EVERY = timedelta(seconds=30)
"""How often a mailbox whose version is asked for is looked at."""
LOOK_ANYWAY = timedelta(hours=1)
TRY_AGAIN = timedelta(hours=1)
AT_ONCE = 200
FindUser = Callable[[str], Awaitable[User | None]]


class Following:
    """Follows the mailboxes of users; `find_user` knows them by the CRM's id."""

    def __init__(
        self,
        graph: GraphClient,
        database: Database,
        now: Callable[[], datetime],
        find_user: FindUser,
        *,
        public_url: str,
        look_every: timedelta = LOOK_EVERY,
    ) -> None:
        self._graph, self._database, self._now, self._find_user = graph, database, now, find_user
        self._public_url, self._look_every = public_url.rstrip("/"), look_every
        self._looked_at: dict[str, datetime] = {}
        self._looks: set[asyncio.Task[None]] = set()

    async def version(self, mailbox: Mailbox) -> str:
        """The number of a user's own mailbox; "" where it is not followed, or cannot be right now.

        Only who has untracked email listed is followed.

        With a subscription this costs no round trip: looks are taken in the background. Without one the
        mailbox is looked at every half minute at most.
        """
        if not is_own(mailbox) or not await self._database.read(lists_untracked, mailbox.reader.id):
            return ""
        row = await self._database.read(subscriptions.find, mailbox.reader.id)
        if row is None:
            row = await self._database.write(subscriptions.enlist, mailbox.reader.id)
        is_live = row.is_live(self._now())
        if self._is_look_due(row):
            self._looked_at[row.user_id] = self._now()
            task = asyncio.create_task(self._look(mailbox, row))
            self._looks.add(task)
            task.add_done_callback(self._note_look)
            if not is_live:
                try:
                    await task
                except Problem:
                    self._looked_at.pop(row.user_id, None)
                    return ""
                row = await self._database.read(subscriptions.find, row.user_id) or row
        return str(row.version)

    async def renew(self) -> int:
        """Subscribe to the mailboxes that are new, and renew what ends within a day; how many."""
        if not self._can_be_reached():
            return 0
        now = self._now()
        rows = await self._database.read(subscriptions.find_ending, now + RENEWED_BEFORE, AT_ONCE)

        async def put_off(row: Subscription) -> None:
            until = now + RENEWED_BEFORE + TRY_AGAIN
            await self._database.write(subscriptions.put_off, row.user_id, until)

        return await self._for_each(rows, self._renew, put_off)

    async def catch_up(self) -> int:
        """Look at the mailboxes that nobody has told us of for an hour; how many."""
        rows = await self._database.read(subscriptions.find_unseen, self._now() - LOOK_ANYWAY, AT_ONCE)

        async def put_off(row: Subscription) -> None:
            seen = row.user_id, row.delta_link, self._now()
            await self._database.write(subscriptions.note_seen, *seen, has_changed=False)

        return await self._for_each(rows, self._look, put_off)

    async def drop_unwanted(self) -> int:
        """Follow nobody any more whose untracked email is no longer listed; how many.

        Where Graph is away, or refuses, its subscription is left to run out: what it tells counts no more.
        """
        rows = await self._database.read(subscriptions.find_unwanted, AT_ONCE)
        for row in rows:
            try:
                if user := await self._find_user(row.user_id):
                    await self.stop(user)
            except Problem as problem:
                log.info("a subscription was left to run out", user_id=row.user_id, code=problem.code)
            await self._database.write(subscriptions.drop, row.user_id)
        return len(rows)

    async def stop(self, user: User) -> None:
        """Follow the user's mailbox no longer."""
        row = await self._database.read(subscriptions.find, user.id)
        if row and row.subscription_id:
            sdk = await self._graph.sdk()
            path = path_of(sdk.subscriptions.by_subscription_id(row.subscription_id))
            call = send("DELETE", path)
            await self._database.write(subscriptions.drop, user.id)  # first: what still comes counts no more
            answer = await self._graph.ask(asker_of(user.mailbox), call, Budget(BUDGET_SECONDS))
            if answer.status != 404:
                answer.require_ok()
        await self._database.write(subscriptions.drop, user.id)

    async def close(self) -> None:
        """Wait for the looks that are on their way."""
        await asyncio.gather(*self._looks, return_exceptions=True)

    def _note_look(self, task: "asyncio.Task[None]") -> None:
        """A look in the background that failed is taken again when the version is next asked for."""
        self._looks.discard(task)
        problem = None if task.cancelled() else task.exception()
        if isinstance(problem, Problem):
            log.info("a mailbox was not looked at", code=problem.code)
        elif problem is not None:
            log.error("a mailbox was not looked at", exc_info=problem)

    def _can_be_reached(self) -> bool:
        """Whether Graph could reach us: by https, or on the same machine as in tests."""
        parts = urlsplit(self._public_url)
        is_local = parts.hostname in {"localhost", "127.0.0.1", "::1"}
        return is_local == (urlsplit(self._graph.base_url).hostname in {"localhost", "127.0.0.1", "::1"})

    def _is_look_due(self, row: Subscription) -> bool:
        looked_at = self._looked_at.get(row.user_id)
        return looked_at is None or self._now() - looked_at >= self._look_every

    async def _for_each(
        self,
        rows: list[Subscription],
        work: Callable[[Mailbox, Subscription], Awaitable[None]],
        put_off: Callable[[Subscription], Awaitable[None]],
    ) -> int:
        """Do it for each row whose user still is one; one that fails waits, and leaves the others alone."""
        done = 0
        for row in rows:
            user = await self._find_user(row.user_id)
            if user is None or not user.email:
                await self._database.write(subscriptions.drop, row.user_id)
                continue
            try:
                await work(user.mailbox, row)
                done += 1
            except Problem as problem:
                log.info("a mailbox is not followed", user_id=row.user_id, code=problem.code)
                await put_off(row)
        return done

    async def _look(self, mailbox: Mailbox, row: Subscription) -> None:
        """Note what has changed since the last look."""
        now = self._now()
        since = max(row.changed_at, now - LOOK_ANYWAY)
        budget = Budget(LONG_BUDGET_SECONDS if row.is_live(now) else BUDGET_SECONDS)
        links, has_changed = await look(self._graph, mailbox, row.delta_link, since, now, budget)
        await self._database.write(subscriptions.note_seen, row.user_id, links, now, has_changed=has_changed)

    async def _renew(self, mailbox: Mailbox, row: Subscription) -> None:
        if row.subscription_id and await self._prolong(mailbox, row.subscription_id, row.user_id):
            return
        await self._database.write(subscriptions.unsubscribe, [row.user_id])
        await self._subscribe(mailbox, row)
        # What came while nobody told us, the moments until the row knew its subscription included.
        await self._look(mailbox, replace(row, subscription_id=None))

    async def _subscribe(self, mailbox: Mailbox, row: Subscription) -> None:
        body = {
            "changeType": "created,deleted",
            "notificationUrl": f"{self._public_url}/api/graph/notifications",
            "lifecycleNotificationUrl": f"{self._public_url}/api/graph/lifecycle",
            "resource": f"/users/{owner_path(mailbox)}/messages",
            "expirationDateTime": to_text(self._now() + LIFETIME),
            "clientState": row.client_state,
        }
        path = path_of((await self._graph.sdk()).subscriptions)
        call = send("POST", path, body)
        answer = await self._graph.ask(asker_of(mailbox), call, Budget(LONG_BUDGET_SECONDS))
        given = answer.require_ok().json
        expires_at = read_instant(given.get("expirationDateTime"))
        if expires_at is None or not given.get("id"):
            raise refused(answer.status, "subscription without id or end")
        await self._database.write(subscriptions.subscribe, row.user_id, str(given["id"]), expires_at)

    async def _prolong(self, mailbox: Mailbox, subscription_id: str, user_id: str) -> bool:
        """Renew and, where Graph asked for it, authorise again; False where it has forgotten us."""
        path = path_of((await self._graph.sdk()).subscriptions.by_subscription_id(subscription_id))
        call = send("PATCH", path, {"expirationDateTime": to_text(self._now() + LIFETIME)})
        answer = await self._graph.ask(asker_of(mailbox), call, Budget(LONG_BUDGET_SECONDS))
        if answer.status == 404:
            return False
        expires_at = read_instant(answer.require_ok().json.get("expirationDateTime"))
        if expires_at is None:
            return False
        await self._database.write(subscriptions.subscribe, user_id, subscription_id, expires_at)
        return True
