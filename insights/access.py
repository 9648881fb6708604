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
from insights.words import say


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
        raise NotAllowed("not_admin")
    if privilege and privilege not in user.privileges:
        raise NotAllowed("no_privilege", privilege=privilege)
    if feature and not (gate := (await read_gates(services, user)).get(feature, CLOSED)).is_open:
        raise _closed(feature, gate)


async def read_gates(services: Services, user: User) -> dict[str, Gate]:
    """Every feature as the user finds it; one that is missing was never turned on."""
    return await services.database.read(select_gates, user.id)


def tracking_obstacle(state: MailboxState) -> Conflict | None:
    """Why *Track* is not offered in a mailbox of this state."""
    if state.synchronisation == "none":
        return Conflict("mailbox_not_synchronised")
    if state.synchronisation == "forward":
        return Conflict("forward_mailbox")
    if not state.approved:
        return Conflict("mailbox_not_approved")
    if not state.tested:
        return Conflict("mailbox_not_tested")
    return None


def message_obstacle(message: Message, excluded_labels: Collection[str] | None) -> Conflict | None:
    """What keeps a message out of suggestions and tracking, whoever holds it.

    `excluded_labels` in lower case are the sensitivity labels that do, by `choices.excluded_labels`.
    """
    if message.is_private:
        return Conflict("marked_private")
    if message.is_encrypted:
        return Conflict("encrypted")
    if excluded_labels is None:
        is_excluded = bool(message.labels)
    else:
        is_excluded = any(label.casefold() in excluded_labels for label in message.labels)
    if is_excluded:
        return Conflict("labelled")
    return None


def can_view_untracked(state: MailboxState) -> bool:
    """Whether untracked mail is listed: not for forward mailboxes, which are not the user's own."""
    return state.synchronisation != "forward"


def _closed(feature: str, gate: Gate) -> NotAllowed:
    name = say(f"feature.{feature}.title")
    if gate.state == ON and not gate.obstacle:
        return NotAllowed("feature_off.pilot", name=name)
    if gate.obstacle:
        return NotAllowed("feature_off.unavailable", name=name, why=gate.why)
    return NotAllowed("feature_off.not_on", name=name)
