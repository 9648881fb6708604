"""Entra: who signs in, which mail domains are ours, and who is in which group."""

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

import structlog

from connectors.graph.calls import Call, Json, get
from connectors.graph.client import GraphClient
from connectors.graph.following import FindUser
from connectors.graph.pace import BUDGET_SECONDS, Budget
from connectors.graph.probes import Look, directory_probes
from connectors.graph.rights import APP
from insights.errors import NotAllowed, Problem, Unavailable
from insights.mail.addresses import domain_key
from insights.model import Identity, User

DOMAINS_SECONDS = 3600.0

log = structlog.get_logger(__name__)


class SignIn(Protocol):
    """Proves bearer tokens."""

    async def identify(self, token: str) -> Identity:
        """Whom a token proves; raises NotSignedIn."""
        ...

    async def sign_out(self, user: User) -> bool:
        """Forget what lets us act for the user while they are away; whether there was anything."""
        ...


class GraphDirectory:
    """The Directory port; the app reads domains and groups, `find_user` knows the CRM's users by id."""

    def __init__(
        self,
        graph: GraphClient,
        sign_in: SignIn,
        find_user: FindUser,
        stop_following: Callable[[User], Awaitable[None]],
    ) -> None:
        self._graph, self._sign_in, self._find_user = graph, sign_in, find_user
        self._stop_following = stop_following
        self._domains: tuple[float, frozenset[str]] | None = None

    async def identify(self, token: str) -> Identity:
        """Whom a bearer token proves, who then is no longer signed out; raises NotSignedIn."""
        identity = await self._sign_in.identify(token)
        if sign_outs := self._graph.rights.sign_outs:
            await sign_outs.forget(identity.object_id)
        return identity

    async def sign_out(self, user: User) -> bool:
        """Hear of the user's mail no more and forget what lets us act for them; whether there was anything.

        The app's own right to read their mail, where it has one, rests until they sign in again.
        Graph may be away, or refuse as somebody signed out: its subscription then ends by itself in a week.
        """
        try:
            await self._stop_following(user)
        except Problem as problem:
            log.info("a subscription was left to run out", code=problem.code)
        sign_outs = self._graph.rights.sign_outs
        is_new = sign_outs is not None and await sign_outs.note(user.object_id)
        return await self._sign_in.sign_out(user) or is_new

    def probes(self, user: User | None) -> Mapping[str, Look]:
        """What `liaison doctor` looks at (`ports.Probing`)."""
        return directory_probes(self._graph, user)

    async def own_domains(self) -> frozenset[str]:
        """The verified domains of the tenant, read once an hour; while Graph gives none, the last ones known.

        Raises NotAllowed (`domains_not_granted`), Unavailable where none were ever read.
        """
        if self._domains and time.monotonic() - self._domains[0] < DOMAINS_SECONDS:
            return self._domains[1]
        try:
            found = await self._read_domains()
        except (Unavailable, NotAllowed) as problem:
            if self._domains is None:
                raise (_domains_not_granted() if isinstance(problem, NotAllowed) else problem) from None
            log.warning("the domains of the organisation were not read anew", code=problem.code)
            return self._domains[1]
        self._domains = time.monotonic(), found
        return found

    async def members(self, group_id: str) -> frozenset[str]:
        """Object ids of the accounts in a group, directly or through others; nobody where there is none."""
        if not group_id:
            return frozenset()
        builder = (await self._graph.sdk()).groups.by_group_id(group_id).transitive_members.graph_user
        found = await self._read_all(get(builder, select=("id",), top=999))
        return frozenset(str(each["id"]).lower() for each in found if each.get("id"))

    async def groups(self, user_id: str) -> frozenset[str]:
        """Ids of the security groups a user of the CRM is in, directly or through others."""
        user = await self._find_user(user_id)
        if user is None or not user.object_id:
            return frozenset()
        builder = (await self._graph.sdk()).users.by_user_id(user.object_id).transitive_member_of.graph_group
        found = await self._read_all(get(builder, select=("id", "securityEnabled"), top=999))
        return frozenset(str(each["id"]) for each in found if each.get("securityEnabled") and each.get("id"))

    async def _read_all(self, call: Call) -> list[Json]:
        """All pages of a list; none where what it belongs to was deleted."""
        found: list[Json] = []
        budget = Budget(BUDGET_SECONDS)
        following: Call | None = call
        while following:
            answer = await self._graph.ask(APP, following, budget)
            if answer.status == 404:
                break
            found += answer.require_ok().values
            following = answer.next_page(following)
        return found

    async def _read_domains(self) -> frozenset[str]:
        builder = (await self._graph.sdk()).organization
        call = get(builder, select=("id", "verifiedDomains"))
        answer = (await self._graph.ask(APP, call, Budget(BUDGET_SECONDS))).require_ok()
        domains = [each for tenant in answer.values for each in tenant.get("verifiedDomains") or ()]
        return frozenset(domain_key(str(each["name"])) for each in domains if each.get("name"))


def _domains_not_granted() -> NotAllowed:
    return NotAllowed("domains_not_granted")
