"""Who signs in."""

from typing import Protocol

from insights.model import Identity, User


class Directory(Protocol):
    """Who signs in, and which addresses are our own."""

    async def identify(self, token: str) -> Identity:
        """Whom a bearer token proves; raises NotSignedIn."""
        ...

    async def sign_out(self, user: User) -> bool:
        """Forget what lets us act for the user while they are away; whether there was anything."""
        ...

    async def own_domains(self) -> frozenset[str]:
        """Lower-case mail domains of the organisation (accepted domains)."""
        ...

    async def members(self, group_id: str) -> frozenset[str]:
        """Who is in a group, directly or through others; nobody where there is none of this id.

        Object ids in lower case where groups are Entra's, `systemuserid`s where they are the CRM's teams.
        """
        ...

    async def groups(self, user_id: str) -> frozenset[str]:
        """Ids of the security groups the user is in, directly or through others."""
        ...
