"""Whose mailbox a request is about: the caller's own, or one that is shared with the caller."""

from insights.audit import Owner
from insights.mail.addresses import mailbox_key
from insights.model import Mailbox, MailboxState, User
from insights.services import Services


def choose_mailbox(user: User, address: str | None) -> Mailbox:
    """The mailbox of that address as the user reads it; the user's own where none is named."""
    address = (address or "").strip()
    if not address or mailbox_key(address) == mailbox_key(user.email):
        return user.mailbox
    return Mailbox(address, user)


def is_own(mailbox: Mailbox) -> bool:
    """Whether its reader owns it."""
    return mailbox == mailbox.reader.mailbox


async def read_state(services: Services, mailbox: Mailbox) -> MailboxState:
    """How it is synchronised and approved; a shared one that is nobody's counts as its reader's."""
    owner = mailbox.reader if is_own(mailbox) else await services.crm.user(mailbox.address)
    return await services.crm.mailbox_state((owner or mailbox.reader).id)


async def read_owner(services: Services, mailbox: Mailbox) -> Owner | None:
    """On whose behalf its reader acts there, by name or else the address; None in one's own."""
    if is_own(mailbox):
        return None
    owner = await services.crm.user(mailbox.address)
    return Owner(owner.id, owner.name) if owner else Owner("", mailbox.address)
