"""Who reads a mailbox beside its owner: shared mailboxes and delegates."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import Connection, delete, insert, select

from connectors.embedded.mail.store import require_mailbox
from connectors.embedded.mail.summaries import to_bytes, to_id
from connectors.embedded.mail.tables import mailboxes, messages, shares
from insights.errors import NotFound
from insights.mail.addresses import mailbox_key
from insights.model import Mailbox

AT_ONCE = 500


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


def select_held(
    connection: Connection, readers: Mapping[str, str], email_ids: Collection[str]
) -> dict[str, frozenset[str]]:
    """Those of the emails that lie in a mailbox which each reader reads; `readers` are addresses by id."""
    ids = [own_id for each in email_ids if (own_id := to_bytes(each))]
    keys = {reader_id: mailbox_key(address) for reader_id, address in readers.items()}
    if not ids or not keys:
        return {}
    shared = _shared_with(connection, set(keys.values()))
    reading = set(keys.values()).union(*shared.values())
    found: dict[str, set[str]] = {}
    query = select(mailboxes.c.address_key, messages.c.email_id).join(
        messages, messages.c.mailbox_id == mailboxes.c.id
    )
    for some in _chunks(sorted(reading)):
        held = query.where(mailboxes.c.address_key.in_(some), messages.c.email_id.in_(ids))
        for key, own_id in connection.execute(held):
            found.setdefault(key, set()).add(to_id(bytes(own_id)))
    return {
        reader_id: frozenset(each for name in {key} | shared.get(key, set()) for each in found.get(name, ()))
        for reader_id, key in keys.items()
    }


def _shared_with(connection: Connection, keys: Collection[str]) -> dict[str, set[str]]:
    """The mailboxes that are shared with these people, by who they are."""
    found: dict[str, set[str]] = {}
    for some in _chunks(sorted(keys)):
        for share in connection.execute(select(shares).where(shares.c.reader_key.in_(some))):
            found.setdefault(share.reader_key, set()).add(share.address_key)
    return found


def require_own(mailbox: Mailbox) -> None:
    """Raise NotFound unless the mailbox is its reader's own."""
    if not mailbox_key(mailbox.address) or mailbox_key(mailbox.address) != mailbox_key(mailbox.reader.email):
        raise _no_mailbox()


def require_access(connection: Connection, mailbox: Mailbox) -> None:
    """Raise NotFound unless the mailbox is its reader's own or shared with the reader."""
    key, reader_key = mailbox_key(mailbox.address), mailbox_key(mailbox.reader.email)
    if key == reader_key:
        return
    shared = select(shares.c.reader_key).where(shares.c.address_key == key, shares.c.reader_key == reader_key)
    if not (key and reader_key and connection.execute(shared).first()):
        raise _no_mailbox()


def _no_mailbox() -> NotFound:
    return NotFound("no_mailbox.not_shared")


def _chunks(keys: Sequence[str]) -> list[Sequence[str]]:
    return [keys[start : start + AT_ONCE] for start in range(0, len(keys), AT_ONCE)]
