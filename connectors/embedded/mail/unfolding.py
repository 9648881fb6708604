"""Names of mailboxes as versions before 0003 wrote them: `ann+ext@…` as `ann@…`, domains as ASCII.

Which address was meant is known once the users are: the one whose address folds to the name. Until
it is looked at, a name stands in `folded_keys`; afterwards there is none left.
"""

from collections import defaultdict
from collections.abc import Iterable

import structlog
from sqlalchemy import Connection, delete, exists, select, update

from connectors.embedded.mail.tables import folded_keys, mailboxes, shares
from insights.capture.addresses import MailboxKey, mailbox_key, relation_key
from insights.database import Database
from insights.model import User

log = structlog.get_logger(__name__)


async def has_folded(database: Database) -> bool:
    """Whether a name is left that nobody has looked at."""
    any_left = select(exists(folded_keys.select()))
    return await database.read(lambda connection: bool(connection.scalar(any_left)))


def unfold(connection: Connection, users: Iterable[User]) -> None:
    """Give each mailbox and share the form in which its one user writes the domain, and nothing else.

    Where a `+` was folded it may be another's: a colleague who left, a shared mailbox that is no user's.
    So it stays with who has the name to the letter, and nobody reads it if that is none of them; what
    was shared with such a name is shared no more.
    """
    meant: defaultdict[str, set[MailboxKey]] = defaultdict(set)
    for user in users:
        meant[relation_key(user.email)].add(mailbox_key(user.email))
    locked = folded_keys.select().order_by(folded_keys.c.address_key).with_for_update()
    merged = 0
    for key in list(connection.scalars(locked)):
        people = meant[key] or {MailboxKey(key)}
        if len(people) == 1 and _local(*people) == _local(key):
            _rename(connection, key, people.pop())
        else:
            connection.execute(delete(shares).where(shares.c.reader_key == key))
            merged += 1
    connection.execute(delete(folded_keys))
    if merged:
        log.warning(
            "mailboxes of several addresses were one until this version: import their mail again",
            count=merged,
        )


def _local(address: str) -> str:
    return address.rpartition("@")[0]


def _rename(connection: Connection, key: str, name: MailboxKey) -> None:
    if key == name:
        return
    connection.execute(update(mailboxes).where(mailboxes.c.address_key == key).values(address_key=name))
    connection.execute(update(shares).where(shares.c.address_key == key).values(address_key=name))
    connection.execute(update(shares).where(shares.c.reader_key == key).values(reader_key=name))
