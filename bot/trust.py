"""Whom the bot believes: which addresses, channels and tenants are ours.

Who somebody is stands in the activity, and only Teams writes it there by itself: in a web chat or over Direct
Line the client does. A tenant that is not ours may have installed our app and has people of its own.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from bot.activities import Incoming
from insights.errors import NotAllowed, NotSignedIn
from insights.outside import WebAddress, read_address
from insights.settings import Settings

TEAMS = "msteams"
CHANNELS = frozenset({TEAMS})
LOCAL_CHANNELS = frozenset({TEAMS, "emulator"})
"""The Agents Playground is either, as it is started."""


@dataclass(frozen=True, slots=True)
class Trust:
    """What is believed; `tenants` None = people of any, which is for clients on this machine only."""

    channels: frozenset[str]
    tenants: frozenset[str] | None
    is_remote: bool
    has_local: bool

    @classmethod
    def local(cls) -> "Trust":
        """Clients on this machine, and only those: there is nobody to vouch for a tenant."""
        return cls(LOCAL_CHANNELS, None, is_remote=False, has_local=True)

    @classmethod
    def of(cls, settings: Settings) -> "Trust":
        """Teams in our own tenants; a channel on this machine only where its keys are published there too."""
        keys = read_address(settings.bot_open_id_metadata)
        has_local = keys is not None and keys.is_loopback
        return cls(CHANNELS, settings.tenant_ids, is_remote=True, has_local=has_local)

    def reaches(self, address: WebAddress) -> bool:
        """Whether answers may go there."""
        return self.has_local if address.is_loopback else self.is_remote and address.scheme == "https"

    def require_origin(self, incoming: Incoming) -> None:
        """Raise NotSignedIn, NotAllowed for an activity that we answer to nobody."""
        address = read_address(incoming.service_url)
        if address is None or not self.reaches(address):
            raise _too_far() if not self.is_remote else _unsafe()
        if incoming.channel_id not in self.channels:
            raise NotAllowed("foreign_channel")

    def knows(self, tenant_ids: Iterable[str]) -> bool:
        """Whether these are tenants of ours; none at all is not."""
        if self.tenants is None:
            return True
        named = {tenant_id.lower() for tenant_id in tenant_ids}
        return bool(named) and named <= self.tenants


def _too_far() -> NotSignedIn:
    return NotSignedIn("bad_service_url.too_far")


def _unsafe() -> NotSignedIn:
    return NotSignedIn("bad_service_url.unsafe")
