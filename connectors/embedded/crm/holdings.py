"""Whose data a column of the CRM holds, as the `info` of our SQL columns says it (`insights/database.py`).

By kind, and where that leaves it open by name; so columns of custom tables say it too.
"""

import re

from connectors.embedded.crm.schema import Column

OF_USERS = {"systemuser", "team"}
WRITTEN = {"text", "memo", "computed"}
PARTIES = {"owner", "partylist"}
ADDRESSES = re.compile(r"email|^(sender|submittedby|torecipients|addressused|username|domainname)$")
CALLED = re.compile(r"name$|^yomi|^(salutation|nickname)")
ACCOUNTS = re.compile(r"user|owner|directory|objectid$")
"""Ids that are kept as such: of accounts in Entra or Active Directory, of users."""


def holds(column: Column) -> str:
    """One of `user address name text none`."""
    if column.kind == "email" or (column.kind in WRITTEN and ADDRESSES.search(column.name)):
        return "address"
    if column.kind in WRITTEN:
        return "name" if CALLED.search(column.name) else "text"
    if column.kind in PARTIES or (column.is_lookup and OF_USERS & set(column.targets)):
        return "user"
    return "user" if column.kind == "guid" and ACCOUNTS.search(column.name) else "none"
