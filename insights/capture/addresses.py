"""When two email addresses are the same one."""

from functools import lru_cache

import idna


@lru_cache(maxsize=65536)
def address_key(address: str) -> str:
    """What equal addresses share: case folded, domain as IDNA, `a+x@d` as `a@d`; "" if it is none.

    Dots in the local part count. A domain that IDNA refuses is only case folded, so that the odd
    addresses of real mail still equal themselves.
    """
    local, at, domain = address.strip().strip("<>").casefold().rpartition("@")
    if not at or not local or not domain:
        return ""
    local = local.split("+", 1)[0] or local
    return f"{local}@{domain_key(domain)}"


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
    return address_key(address).rpartition("@")[2]
