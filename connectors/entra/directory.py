"""A directory whose people sign in with Entra while domains and groups are known elsewhere."""

from collections.abc import Mapping
from functools import partial

from connectors.entra.opening import Entra
from connectors.entra.probes import Look, look_at_sign_in
from insights.model import Identity, User
from insights.ports import Directory, Probing
from insights.requirements.table import ENTRA_SIGN_IN


class EntraDirectory:
    """The port `Directory`: Entra says who somebody is, `rest` knows everything else."""

    def __init__(self, entra: Entra, rest: Directory, *, resource: str) -> None:
        self._entra, self._rest, self._resource = entra, rest, resource

    def probes(self, user: User | None) -> Mapping[str, Look]:
        """What `liaison doctor` looks at (`ports.Probing`); `resource` is a service to try a token for."""
        rest = self._rest.probes(user) if isinstance(self._rest, Probing) else {}
        return {**rest, ENTRA_SIGN_IN: partial(look_at_sign_in, self._entra.tokens, self._resource)}

    async def identify(self, token: str) -> Identity:
        """The Entra account a token proves; raises NotSignedIn, Unavailable."""
        return await self._entra.identify(token)

    async def sign_out(self, user: User) -> bool:
        """Forget what lets us act for the user while they are away; whether there was anything."""
        return await self._entra.sign_out(user)

    async def own_domains(self) -> frozenset[str]:
        """The mail domains that are our own."""
        return await self._rest.own_domains()

    async def members(self, group_id: str) -> frozenset[str]:
        """Who is in a group."""
        return await self._rest.members(group_id)

    async def groups(self, user_id: str) -> frozenset[str]:
        """The groups the user is a member of."""
        return await self._rest.groups(user_id)
