"""Who reads a mailbox beside its owner: shared mailboxes and delegates."""

from collections.abc import Iterable

from sqlalchemy import Connection, delete, insert, select

from connectors.embedded.mail.store import require_mailbox
from connectors.embedded.mail.tables import shares
from insights.capture.addresses import mailbox_key
from insights.errors import NotFound
from insights.model import Mailbox


def share_mailbox(connection: Connection, mailbox: str, readers: Iterable[str]) -> None:
    """Let exactly these people read the mailbox, by address; raises Invalid for what is no address."""
    key = require_mailbox(mailbox)
    connection.execute(delete(shares).where(shares.c.address_key == key))
    for reader_key in dict.fromkeys(require_mailbox(reader) for reader in readers):
        connection.execute(insert(shares).values(address_key=key, reader_key=reader_key))


def select_shared(connection: Connection, reader: str) -> list[str]:
    """The keys of the addresses whose mailboxes are shared with somebody, in their order."""
    mine = select(shares.c.address_key).where(shares.c.reader_key == mailbox_key(reader))
    return list(connection.scalars(mine.order_by(shares.c.address_key)))


def require_access(connection: Connection, mailbox: Mailbox) -> None:
    """Raise NotFound unless the mailbox is its reader's own or shared with the reader."""
    key, reader_key = mailbox_key(mailbox.address), mailbox_key(mailbox.reader.email)
    if key == reader_key:
        return
    shared = select(shares.c.reader_key).where(shares.c.address_key == key, shares.c.reader_key == reader_key)
    if not (key and reader_key and connection.execute(shared).first()):
        raise NotFound(
            "There is no such mailbox for you",
            "it does not exist or is not shared with you",
            "ask its owner or an administrator to share it",
            code="no_mailbox",
        )
