"""When two email addresses are the same one: two questions with two answers, which types keep apart.

Whose a mailbox is and who somebody is goes by the whole address (`mailbox_key`). Which records an email
relates to goes by `relation_key`, for customers write from `ana+orders@…` as from `ana@…`. A type checker
refuses to compare one with the other, and tests/insights/test_comparing.py knows who may relate.
"""

import re
from functools import lru_cache
from typing import NewType

import idna

MailboxKey = NewType("MailboxKey", str)
"""What an address is that names a mailbox or a person: the whole of it, without case; "" = none."""
RelationKey = NewType("RelationKey", str)
"""What addresses share that relate to the same records; "" = none."""
LEGACY = re.compile(r"\s*<?\s*(?:/(?:o|ou|cn)=|imcea[a-z]*-)", re.IGNORECASE)
"""How Exchange's own names of mailboxes begin (`/O=…/CN=…`, `IMCEAEX-…@…`), which no mail gets to."""
EDGES = re.compile(r"^[\s<>]+|[\s<>]+\Z")


def smtp_address(text: str) -> str:
    """The text if mail can be sent to it, "" for a name of Exchange's own, a list's or none at all."""
    return text if "@" in text and not LEGACY.match(text) else ""


@lru_cache(maxsize=16384)
def mailbox_key(address: str) -> MailboxKey:
    """The whole address without case, as it is written otherwise; "" if it is none.

    One in blanks or brackets is none: who takes addresses from people strips them first. Nothing is
    folded that a mail server might tell apart: `a+x@d` is another mailbox than `a@d`, and a domain in its
    other form opens nobody's mail.
    """
    local, at, domain = address.rpartition("@")
    if not at or not local or not domain or EDGES.search(address) or LEGACY.match(address):
        return MailboxKey("")
    return MailboxKey(_without_case(f"{local}@{domain}"))


@lru_cache(maxsize=65536)
def relation_key(address: str) -> RelationKey:
    """Case folded, domain as IDNA, `a+x@d` as `a@d`; "" if it is no address.

    Dots in the local part count. A domain that IDNA refuses is only case folded, so that the odd
    addresses of real mail still equal themselves.
    """
    local, at, domain = EDGES.sub("", address.casefold()).rpartition("@")
    if not at or not local or not domain or LEGACY.match(address):
        return RelationKey("")
    local = local.split("+", 1)[0] or local
    return RelationKey(f"{local}@{domain_key(domain)}")


@lru_cache(maxsize=16384)
def domain_key(domain: str) -> str:
    """A mail domain as ASCII in lower case."""
    domain = domain.strip().rstrip(".").casefold()
    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return domain


def domain_of(address: str) -> str:
    """The normalised domain of an address, "" if it has none."""
    return relation_key(address).rpartition("@")[2]


def _without_case(text: str) -> str:
    """Lower case, but of letters whose capital is another one: the Kelvin sign is no capital of `k`."""
    return text.lower() if text.isascii() else "".join(map(_lower, text))


def _lower(letter: str) -> str:
    return letter.lower() if letter.lower().upper() == letter else letter
