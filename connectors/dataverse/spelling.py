"""How an address may be written that is the same by `relation_key`: conditions that find them all.

The service compares without case; what it finds beyond is sorted out by `relation_key` afterwards.
"""

from collections.abc import Iterable, Sequence

import idna

from connectors.dataverse.wire import Row
from insights.crm.conditions import Column, Compare, Condition, Either, Every, Like
from insights.mail.addresses import MailboxKey, RelationKey, mailbox_key, relation_key

CONDITIONS_AT_ONCE = 240
"""The service refuses a query of more than 500 conditions."""


LONGEST_ADDRESS = 200
"""No column that holds addresses is wider."""


def searchable_key(address: str) -> RelationKey:
    """The `relation_key`, "" also for an address that is too long to be anywhere in the CRM."""
    key = relation_key(address)
    return key if len(key) <= LONGEST_ADDRESS else RelationKey("")


def searchable_mailbox(address: str) -> MailboxKey:
    """The `mailbox_key`, "" also for an address that is too long to be anywhere in the CRM.

    The service finds it by `eq`, which ignores case; other addresses that it finds equal are sorted out.
    """
    key = mailbox_key(address)
    return key if len(key) <= LONGEST_ADDRESS else MailboxKey("")


def domains(domain: str) -> list[str]:
    """A mail domain as ASCII and, where that differs, as people write it."""
    try:
        unicode = idna.decode(domain)
    except (idna.IDNAError, UnicodeError):
        return [domain]
    return [domain] if unicode == domain else [domain, unicode]


def has_address(columns: Sequence[Column], key: RelationKey) -> Condition:
    """One of the columns holds an address with this key."""
    local, _, domain = key.rpartition("@")
    found: list[Condition] = []
    for column in columns:
        for written in domains(domain):
            found.append(Compare(column, "eq", f"{local}@{written}"))
            tagged = [Like("startswith", column, f"{local}+"), Like("endswith", column, f"@{written}")]
            found.append(Every(tagged))
    return Either(found)


def address_conditions(columns: Sequence[Column], keys: Iterable[RelationKey]) -> list[Condition]:
    """Conditions that together find every row with one of the addresses, each of bearable size."""
    wanted = list(keys)
    cost = max(1, 6 * len(columns))
    size = max(1, CONDITIONS_AT_ONCE // cost)
    slices = [wanted[start : start + size] for start in range(0, len(wanted), size)]
    return [Either([has_address(columns, key) for key in part]) for part in slices]


def held_keys(row: Row, columns: Sequence[Column]) -> list[RelationKey]:
    """Keys of the addresses that the row has in these columns, in their order."""
    found = (relation_key(str(row.get(column.name) or "")) for column in columns)
    return [key for key in dict.fromkeys(found) if key]
