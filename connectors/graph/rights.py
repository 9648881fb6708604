"""In whose right Graph is asked: the reader's own, and the app's only where that shows nobody more."""

from dataclasses import dataclass

from connectors.graph.sign_outs import SignOuts
from connectors.tokens import SIGNED_OUT, Tokens
from insights.errors import SignInNeeded
from insights.mail.addresses import mailbox_key
from insights.model import Mailbox, User


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks: a user, or None for the app itself. `throttle` names what Graph counts requests for."""

    throttle: str
    user: User | None = None
    or_app: bool = False
    """Whether the app may ask where the user has no sign-in here.

    For the mailbox of the user's own account only: an address in the CRM proves nothing.
    """


@dataclass(frozen=True, slots=True)
class Grant:
    """A token; `instead_of` is why it is the app's and not the user's."""

    token: str
    instead_of: SignInNeeded | None = None


APP = Asker("")


def asker_of(mailbox: Mailbox) -> Asker:
    """Who reads a mailbox; a shared one is never read in the right of the app."""
    or_app = is_own(mailbox) and bool(mailbox.reader.object_id)
    return Asker(mailbox_key(mailbox.address), mailbox.reader, or_app=or_app)


def is_own(mailbox: Mailbox) -> bool:
    """Whether the mailbox is its reader's own."""
    return mailbox_key(mailbox.address) == mailbox_key(mailbox.reader.email)


def owner_path(mailbox: Mailbox) -> str:
    """What names the mailbox in Graph's addresses: its owner's object id where we know it."""
    return (mailbox.reader.object_id if is_own(mailbox) else "") or mailbox.address


class Rights:
    """Tokens for askers at one service."""

    def __init__(self, tokens: Tokens, resource: str) -> None:
        self._tokens, self._resource = tokens, resource
        self.sign_outs: SignOuts | None = None
        """Who wants their mail read no more; set where mail is read (`opening.py`)."""

    async def grant(self, asker: Asker, claims: str = "", *, refused: str = "") -> Grant:
        """A token for the asker, in place of the refused one; raises SignInNeeded, Unavailable.

        The app steps in only for who has no sign-in here: who has, but is asked for one more step or for
        consent, is not to be bypassed, and who signed out not either. What the app may read is limited by
        its roles in Exchange.
        """
        if asker.user is None:
            return Grant(await self.app_token(claims, refused=refused))
        user = asker.user
        try:
            return Grant(await self._tokens.for_user(user, self._resource, claims=claims, refused=refused))
        except SignInNeeded as needed:
            if claims or refused or needed.code != SIGNED_OUT or not asker.or_app:
                raise
            if self.sign_outs and await self.sign_outs.has(user.object_id):
                raise
            return Grant(await self._tokens.for_app(self._resource), needed)

    async def app_token(self, claims: str, *, refused: str) -> str:
        """The app's token that answers a claims challenge, in place of the refused one."""
        return await self._tokens.for_app(self._resource, claims=claims, refused=refused)
