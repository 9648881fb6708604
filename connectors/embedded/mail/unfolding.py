"""Names of mailboxes as versions before 0003 wrote them: `ann+ext@…` as `ann@…`, domains as ASCII.

Which address was meant is known once the users are: the one whose address folds to the name. Until
it is looked at, a name stands in `folded_keys`; afterwards there is none left.
"""

from collections import defaultdict
from collections.abc import Iterable

import structlog
from sqlalchemy import Connection, delete, exists, or_, select, update

from connectors.embedded.mail.tables import folded_keys, mailboxes, shares
from insights.database import Database
from insights.mail.addresses import MailboxKey, mailbox_key, relation_key

HELD = " "
"""How a name begins that nobody reads: no address begins with a blank."""
log = structlog.get_logger(__name__)


async def has_folded(database: Database) -> bool:
    """Whether a name is left that nobody has looked at."""
    any_left = select(exists(folded_keys.select()))
    return await database.read(lambda connection: bool(connection.scalar(any_left)))


def unfold(connection: Connection, addresses: Iterable[str]) -> None:
    """Give each mailbox and share the form in which its one user writes the domain, by all users' addresses.

    Where several people may have mail in one mailbox, some `ann+ext@…` among them, nobody can tell whose a
    message is. Such a mailbox is held back from everybody, and what was shared of it or with it is shared no
    more: it is read again once its mail is imported again.
    """
    meant: defaultdict[str, set[MailboxKey]] = defaultdict(set)
    for address in addresses:
        meant[relation_key(address)].add(mailbox_key(address))
    locked = folded_keys.select().order_by(folded_keys.c.address_key).with_for_update()
    held = 0
    for key in list(connection.scalars(locked)):
        people = meant[key] or {MailboxKey(key)}
        if len(people) == 1 and _local(*people) == _local(key):
            _rename(connection, key, people.pop())
        else:
            connection.execute(
                delete(shares).where(or_(shares.c.reader_key == key, shares.c.address_key == key))
            )
            held += _rename(connection, key, f"{HELD}{key}")
    connection.execute(delete(folded_keys))
    if held:
        log.warning(
            "mailboxes of several addresses were one until this version and are read by nobody now: "
            "import their mail again, each into its own",
            count=held,
        )


def _local(address: str) -> str:
    return address.rpartition("@")[0]


def _rename(connection: Connection, key: str, name: str) -> int:
    """Rename a mailbox and its shares; how many mailboxes that were."""
    if key == name:
        return 0
    connection.execute(update(shares).where(shares.c.address_key == key).values(address_key=name))
    connection.execute(update(shares).where(shares.c.reader_key == key).values(reader_key=name))
    renamed = update(mailboxes).where(mailboxes.c.address_key == key).values(address_key=name)
    return connection.execute(renamed).rowcount
