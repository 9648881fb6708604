"""The email a request names: the caller's own copy, or the CRM row that colleagues see."""

from insights.capture.emails import message_missing
from insights.capture.items import activity_item, message_item, read_standing
from insights.capture.views import Item
from insights.errors import NotFound
from insights.model import CrmActivity, Mailbox, Message, TrackedEmail, User
from insights.services import Services

Target = Message | CrmActivity


async def find_target(
    services: Services, user: User, email_id: str, mailbox: Mailbox | None = None
) -> Target:
    """The email of that id; NotFound where the mailbox holds no copy and the caller may read no CRM row."""
    message = (await services.mail.find(mailbox or user.mailbox, [email_id])).get(email_id)
    if message:
        return message
    try:
        return await services.crm.email_activity(user, email_id)
    except NotFound:
        raise message_missing() from None


async def require_message(services: Services, mailbox: Mailbox, email_id: str) -> Message:
    """The message in this mailbox; NotFound also where somebody else holds it."""
    message = (await services.mail.find(mailbox, [email_id])).get(email_id)
    if message is None:
        raise message_missing()
    return message


async def find_tracked(services: Services, user: User, target: Target) -> TrackedEmail | None:
    """The CRM's row of the email, whoever made it with whatever tool."""
    message_id = target.internet_message_id
    return (await services.crm.emails(user, [message_id])).get(message_id) if message_id else None


async def read_item(services: Services, user: User, target: Target, mailbox: Mailbox | None = None) -> Item:
    """The item of an email as it stands now; `mailbox` is where it lies, if not in the user's own."""
    if isinstance(target, Message):
        return message_item(target, user, await read_standing(services, user, [target], mailbox=mailbox))
    return activity_item(target, user, await read_standing(services, user, [], [target]))
