"""The stand-in itself: what tests put in and look at, and the way of a call through it."""

import asyncio
import inspect
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal
from uuid import UUID, uuid4, uuid5

from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.standins.graph import access
from tests.standins.graph.access import Authenticate, Grant, Tokens
from tests.standins.graph.attachments import Upload
from tests.standins.graph.delta import DeltaState
from tests.standins.graph.errors import (
    GraphError,
    bad_body,
    invalid_user,
    mailbox_concurrency,
    no_mailbox,
)
from tests.standins.graph.faults import Faults
from tests.standins.graph.folder_delta import FolderDeltaState
from tests.standins.graph.http import add_routes
from tests.standins.graph.mailbox import Mailbox
from tests.standins.graph.message import StoredMessage
from tests.standins.graph.mime import read_letter
from tests.standins.graph.notifications import LifecycleEvent, Notifications
from tests.standins.graph.routes import find_route, split_user
from tests.standins.graph.schema import SchemaViolation, load_schema
from tests.standins.graph.settings import default_settings
from tests.standins.graph.subscriptions import Subscription
from tests.standins.graph.users import TENANT_ID, Directory, User, new_user, user_id_of
from tests.standins.graph.wire import Answer, Call, Json


@dataclass(frozen=True)
class Logged:
    """A request that came: `is_inner` inside a batch; `path` without version and query."""

    method: str
    path: str
    query: dict[str, str]
    is_inner: bool = False


@dataclass
class GraphStandin:
    """A tenant in Microsoft Graph."""

    testdata: Path
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    authenticate: Authenticate | None = None
    """Token → what it proves; without it, the tokens of `issue`."""
    application_mailboxes: set[str] | None = None
    """Addresses or ids that app-only tokens reach (RBAC for Applications); None = all."""
    round_trip: float = 0
    """Seconds that every HTTP request takes at least."""
    index_lag: float = 0
    """Seconds until a new message is found by `$search`."""
    attachment_overhead: int = 0
    """What `size` of an attachment says beyond its bytes."""
    wide_batches: Literal["throttled", "queued"] = "throttled"
    subscription_lifetime: timedelta = timedelta(minutes=10070)
    url: str = ""
    """Where it listens, `/v1.0` included."""
    directory: Directory = field(default_factory=Directory)
    tokens: Tokens = field(default_factory=Tokens)
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    deltas: dict[str, DeltaState] = field(default_factory=dict)
    folder_deltas: dict[str, FolderDeltaState] = field(default_factory=dict)
    uploads: dict[str, Upload] = field(default_factory=dict)
    requests: list[Logged] = field(default_factory=list)
    sent: list[tuple[str, list[str], bytes]] = field(default_factory=list)
    """(Sender, recipients, MIME) of everything that was sent."""
    answered: Counter[str] = field(default_factory=Counter)
    """How often each type was answered, checked against the schema."""

    def __post_init__(self) -> None:
        self.schema = load_schema(self.testdata / "graph" / "v1.0-Prod.csdl")
        self.notifications = Notifications(self)
        self.faults = Faults(
            self.tokens, self.user, lambda user: self.notifications.lifecycle("subscriptionRemoved", user)
        )
        self._at_work: Counter[tuple[str, str]] = Counter()

    @property
    def round_trips(self) -> int:
        """How many HTTP requests came; what is inside a batch does not count."""
        return sum(not each.is_inner for each in self.requests)

    def add_user(
        self,
        user_id: str | None,
        address: str,
        name: str = "",
        *,
        has_mailbox: bool = True,
        is_shared_mailbox: bool = False,
        **values: object,
    ) -> User:
        """A user by Graph's property names; the id is derived from the address if there is none."""
        user = new_user(user_id or user_id_of(address), address, name or address.partition("@")[0], values)
        if has_mailbox:
            guid = str(uuid5(UUID(TENANT_ID), user.id))
            settings = default_settings(is_shared=is_shared_mailbox)
            user.mailbox = Mailbox(guid, self.clock, self.notifications.changed, settings)
        self.directory.users[user.id] = user
        return user

    def clock(self) -> datetime:
        """The present time, also after `now` was replaced."""
        return self.now()

    def user(self, name: str) -> User:
        """A user by id or address; raises KeyError."""
        found = self.directory.find(name)
        if found is None:
            raise KeyError(name)
        return found

    def mailbox(self, name: str) -> Mailbox:
        """The mailbox of a user by id or address; raises KeyError."""
        mailbox = self.user(name).mailbox
        if mailbox is None:
            raise KeyError(name)
        return mailbox

    def deliver(
        self, mailbox: str, mime: bytes, folder: str = "inbox", received: datetime | None = None
    ) -> StoredMessage:
        """A raw message arrives, now if not said otherwise; `folder` is a well-known name or an id."""
        return self.mailbox(mailbox).deliver(read_letter(mime), folder, received or self.now())

    def share(self, mailbox: str, delegate: str) -> None:
        """Full access to a mailbox for another user."""
        self.mailbox(mailbox).delegates.add(self.user(delegate).id)

    def unshare(self, mailbox: str, delegate: str) -> None:
        """The access is taken away."""
        self.mailbox(mailbox).delegates.discard(self.user(delegate).id)

    def issue(
        self, user: str | None, scopes: str | list[str], *, audience: str = "https://graph.microsoft.com"
    ) -> str:
        """A token for a user (delegated) or for nobody (app-only: the scopes are roles)."""
        words = scopes.split() if isinstance(scopes, str) else scopes
        return self.tokens.issue(self.user(user).id if user else None, frozenset(words), audience=audience)

    def lifecycle(self, event: LifecycleEvent, user: str) -> int:
        """A lifecycle notification to the user's subscriptions; how many there are."""
        return self.notifications.lifecycle(event, self.user(user))

    async def settle(self) -> None:
        """Until all notifications have arrived."""
        await self.notifications.settle()

    async def judge(self, authorization: str) -> Grant:
        """What an Authorization header proves; raises the service's 401s."""
        token = access.read_bearer(authorization)
        found = (self.authenticate or self.tokens.find)(token)
        return self.tokens.judge(await found if inspect.isawaitable(found) else found)

    def log(self, method: str, segments: list[str], query: dict[str, str], *, is_inner: bool = False) -> None:
        """Note a request, also one that will be refused."""
        self.requests.append(Logged(method, "/" + "/".join(segments), query, is_inner))

    async def serve(self, call: Call, *, is_inner: bool = False) -> Answer:
        """The answer to a call, refusals included."""
        if is_inner:
            self.log(call.method, call.segments, call.query, is_inner=True)
        try:
            fault = self.faults.take(describe(call), is_inner=True) if is_inner else None
            if fault and fault.error:
                raise fault.error
            return self._checked(await self._handle(call))
        except GraphError as error:
            return self.refuse(error, call)

    async def serve_alone(self, call: Call) -> Answer:
        """The same outside a batch, where the fifth at a time for one mailbox is refused."""
        key = (call.grant.app_id, self.mailbox_key(call))
        self._at_work[key] += 1
        try:
            await asyncio.sleep(self.round_trip)
            if key[1] and self._at_work[key] > 4:
                raise mailbox_concurrency()
            return await self.serve(call)
        finally:
            self._at_work[key] -= 1

    def refuse(self, error: GraphError, call: Call | None = None) -> Answer:
        """A refusal as the service words it."""
        request_id = str(uuid4())
        inner = {
            "date": self.now().strftime("%Y-%m-%dT%H:%M:%S"),
            "request-id": request_id,
            "client-request-id": call.headers.get("client-request-id", request_id) if call else request_id,
        }
        body = {"error": {"code": error.code, "message": error.message, "innerError": inner}}
        return Answer(error.status, body, headers=dict(error.headers))

    def mailbox_key(self, call: Call) -> str:
        """Which mailbox a call is for, "" for none: its limits count."""
        name, _ = split_user(call.segments)
        found = self.directory.find(call.grant.user_id or "" if name == "me" else name) if name else None
        try:
            route, _ = find_route(call.method, call.segments)
        except GraphError:
            return ""
        return found.id if found and found.mailbox and route.permission.is_mail else ""

    def check_body(self, type_name: str, given: Json) -> None:
        """Raise the service's 400 for names and values that the type does not have."""
        try:
            self.schema.check(type_name, given)
        except SchemaViolation as error:
            raise bad_body(str(error)) from error

    async def _handle(self, call: Call) -> Answer:
        route, call.keys = find_route(call.method, call.segments)
        name, path = split_user(call.segments)
        if path[:1] == ["user"]:
            self._take_user(call, name, is_mail=route.permission.is_mail)
            is_own = call.user.id == call.grant.user_id
            access.require_scope(call.grant, route.permission, is_own=is_own)
            if route.permission.is_mail:
                self._enter_mailbox(call, name)
            call.is_basic = route.permission is access.MAIL_BASIC and not _reads_bodies(call.grant)
        else:
            access.require_scope(call.grant, route.permission, is_own=False)
        answer = route.handler(self, call)
        return await answer if inspect.isawaitable(answer) else answer

    def _take_user(self, call: Call, name: str, *, is_mail: bool) -> None:
        if name == "me":
            name = access.require_delegated(call.grant)
        if not is_mail:
            call.user = self.directory.require(name)
            return
        user = self.directory.find(name)
        if user is None:
            raise invalid_user(name)
        call.user = user

    def _enter_mailbox(self, call: Call, name: str) -> None:
        if call.user.mailbox is None:
            raise no_mailbox()
        access.require_mailbox(call, call.user, self.application_mailboxes)
        call.mailbox.require_here()

    def _checked(self, answer: Answer) -> Answer:
        """The answer, proven to hold no name that the schema does not know."""
        if answer.shape and isinstance(answer.body, dict):
            is_many = answer.shape.startswith("Collection(")
            self.schema.check(answer.shape, answer.body["value"] if is_many else answer.body)
            self.answered[answer.shape] += 1
        return answer


def describe(call: Call) -> str:
    """The line that faults are matched with."""
    query = "&".join(f"{name}={value}" for name, value in call.query.items())
    return f"{call.method} {call.path}" + (f"?{query}" if query else "")


def _reads_bodies(grant: Grant) -> bool:
    return any(scope.removesuffix(".Shared") in {"Mail.Read", "Mail.ReadWrite"} for scope in grant.scopes)


@asynccontextmanager
async def running_graph(
    testdata: Path, *, port: int | None = None, **options: object
) -> AsyncIterator[GraphStandin]:
    """A stand-in that listens on loopback; `options` are fields of `GraphStandin`."""
    graph = GraphStandin(testdata, **options)  # type: ignore[arg-type]
    app = web.Application(client_max_size=200 * 1024 * 1024)
    add_routes(app, graph)
    async with TestServer(app, port=port) as server, graph.notifications.running():
        graph.url = str(server.make_url("/v1.0"))
        yield graph
