"""The one place that decides who may do what; `docs/permissions.md` is its table.

Use-cases ask here before they touch anything. What a record shows is decided by the CRM (a record
one may not read is NotFound there), whose mail it is by the mailbox: a use-case only ever opens the
asking user's own.
"""

from collections.abc import Collection

from insights.errors import Conflict, NotAllowed
from insights.gate import CLOSED, ON, Gate, select_gates
from insights.model import MailboxState, Message, User
from insights.services import Services


async def require(
    services: Services,
    user: User,
    *,
    feature: str | None = None,
    admin: bool = False,
    privilege: str | None = None,
) -> None:
    """Raise NotAllowed unless the user has the role and privilege, and the feature is on for them."""
    if admin and not user.is_admin:
        raise NotAllowed(
            "This is for administrators",
            "you do not have the role System Administrator in the CRM",
            "ask an administrator",
            code="not_admin",
        )
    if privilege and privilege not in user.privileges:
        raise NotAllowed(
            "Your role does not allow this",
            f"it lacks the privilege {privilege}",
            "ask an administrator for it",
            code="no_privilege",
        )
    if feature and not (gate := (await read_gates(services, user)).get(feature, CLOSED)).is_open:
        raise _closed(feature, gate)


async def read_gates(services: Services, user: User) -> dict[str, Gate]:
    """Every feature as the user finds it; one that is missing was never turned on."""
    return await services.database.read(select_gates, user.id)


def tracking_obstacle(state: MailboxState) -> Conflict | None:
    """Why *Track* is not offered in a mailbox of this state."""
    if state.synchronisation == "none":
        return _obstacle("your mailbox has no synchronisation with the CRM", "mailbox_not_synchronised")
    if state.synchronisation == "forward":
        return _obstacle("your mailbox is connected as a forward mailbox only", "forward_mailbox")
    if not state.approved:
        return _obstacle("your mailbox is not approved in the CRM yet", "mailbox_not_approved")
    if not state.tested:
        return _obstacle("your mailbox is approved but was never tested and enabled", "mailbox_not_tested")
    return None


def message_obstacle(message: Message, excluded_labels: Collection[str] | None) -> Conflict | None:
    """What keeps a message out of suggestions and tracking, whoever holds it.

    `excluded_labels` in lower case are the sensitivity labels that do, by `choices.excluded_labels`.
    """
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
    if excluded_labels is None:
        is_excluded = bool(message.labels)
    else:
        is_excluded = any(label.casefold() in excluded_labels for label in message.labels)
    if is_excluded:
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


def _closed(feature: str, gate: Gate) -> NotAllowed:
    name = feature.replace("_", " ").capitalize()
    if gate.state == ON and not gate.obstacle:
        why, do = "it is being tried with some people first", "ask an administrator to be one of them"
    elif gate.obstacle:
        why, do = gate.obstacle.rstrip("."), "ask an administrator"
    else:
        why, do = "an administrator has not turned it on", "ask an administrator to turn it on"
    return NotAllowed(f"{name} is off", why, do, code="feature_off")
