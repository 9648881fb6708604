"""What connectors to Microsoft's services need of Entra: bearer tokens, for the app itself and for users."""

from typing import Protocol

from insights.model import User

SIGNED_OUT = "signed_out"
"""Code of the SignInNeeded for a user of whom there is no sign-in, or none any more, that could be used."""


class Tokens(Protocol):
    """Hands out access tokens good for at least five more minutes; kept and renewed behind this seam.

    `resource` is the address of a service (`https://graph.microsoft.com`): the token carries what the
    app, or the app on behalf of the user, has been granted there. `claims` is the claims challenge
    (JSON) with which the service refused the token before, "" for none. `refused` is the token that the
    service refused: it is not handed out again, to nobody; "" for none.
    """

    async def for_app(self, resource: str, *, claims: str = "", refused: str = "") -> str:
        """A token of the app itself; raises Unavailable where Entra gives none, saying why."""
        ...

    async def for_user(self, user: User, resource: str, *, claims: str = "", refused: str = "") -> str:
        """A token on behalf of the user (by `object_id`); raises SignInNeeded, Unavailable.

        SignInNeeded also where the user has never signed in here, so that nothing can be exchanged.
        """
        ...
