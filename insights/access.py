"""The one place that decides who may do what; `docs/permissions.md` is its table.

Use-cases ask here before they touch anything. What a record shows is decided by the CRM (a record
one may not read is NotFound there), whose mail it is by the mailbox: a use-case only ever opens the
asking user's own.
"""

from sqlalchemy import Connection, select

from insights.errors import Conflict, NotAllowed
from insights.model import MailboxState, Message, User
from insights.services import Services
from insights.tables import features


async def require(services: Services, user: User, *, feature: str | None = None, admin: bool = False) -> None:
    """Raise NotAllowed unless the user has the role and the organisation the feature turned on."""
    if admin and not user.is_admin:
        raise NotAllowed(
            "This is for administrators",
            "you do not have the role System Administrator in the CRM",
            "ask an administrator",
            code="not_admin",
        )
    if feature and not await is_on(services, feature):
        raise NotAllowed(
            f"{feature.replace('_', ' ').capitalize()} is off",
            "an administrator has not turned it on",
            "ask an administrator to turn it on",
            code="feature_off",
        )


async def is_on(services: Services, feature: str) -> bool:
    """Whether the organisation has turned the feature on."""
    return feature in await services.database.read(features_on)


def features_on(connection: Connection) -> set[str]:
    """The features that the organisation has turned on."""
    return set(connection.execute(select(features.c.feature).where(features.c.is_on)).scalars())


def tracking_obstacle(state: MailboxState, message: Message | None = None) -> Conflict | None:
    """Why *Track* is not offered: the mailbox's state, or what the message itself forbids."""
    if state.synchronisation == "none":
        return _obstacle("your mailbox has no synchronisation with the CRM", "mailbox_not_synchronised")
    if state.synchronisation == "forward":
        return _obstacle("your mailbox is connected as a forward mailbox only", "forward_mailbox")
    if not state.approved:
        return _obstacle("your mailbox is not approved in the CRM yet", "mailbox_not_approved")
    if not state.tested:
        return _obstacle("your mailbox is approved but was never tested and enabled", "mailbox_not_tested")
    if message is None:
        return None
    return message_obstacle(message)


def message_obstacle(message: Message) -> Conflict | None:
    """What keeps a message out of suggestions and tracking, whoever holds it."""
    if message.is_private:
        return Conflict(
            "This email stays private",
            "it is marked private in Outlook",
            "remove the mark in Outlook first",
            code="marked_private",
        )
    if message.is_encrypted:
        return Conflict(
            "This email stays private",
            "it is encrypted and cannot be copied",
            "ask the sender for a copy that may be shared",
            code="encrypted",
        )
    if message.labels:
        return Conflict(
            "This email stays private",
            "it carries a sensitivity label",
            "ask an administrator whether this label may be tracked",
            code="labelled",
        )
    return None


def can_view_untracked(state: MailboxState) -> bool:
    """Whether untracked mail is listed: not for forward mailboxes, which are not the user's own."""
    return state.synchronisation != "forward"


def _obstacle(why: str, code: str) -> Conflict:
    return Conflict(
        "This email cannot be tracked", why, "ask an administrator to set up your mailbox", code=code
    )
