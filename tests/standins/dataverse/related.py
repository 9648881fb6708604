"""Follows navigation properties from a row, as far as the caller may read."""

from collections.abc import Iterator

from tests.standins.dataverse.access import Caller
from tests.standins.dataverse.navigation import Collection, Single
from tests.standins.dataverse.schema import NAMELESS
from tests.standins.dataverse.store import Ref, Row


def follow(caller: Caller, row: Row, single: Single) -> Row | None:
    """The row a lookup leads to, None where it leads elsewhere or may not be read."""
    ref = row.ref(single.column)
    if ref is None:
        return None
    found = caller.organization.find(ref)
    if found is None or not _fits(caller, found, single.targets):
        return None
    return found if caller.allows("Read", found) else None


def related(caller: Caller, row: Row, collection: Collection) -> Iterator[Row]:
    """The readable rows of a collection-valued navigation property."""
    organization = caller.organization
    if collection.intersect:
        for link in organization.store.rows(collection.intersect).values():
            if link.get(collection.own_column) == row.id:
                found = organization.find(Ref(collection.table, str(link.get(collection.column))))
                if found and caller.allows("Read", found):
                    yield found
        return
    table = organization.schema.tables[collection.table]
    for found in organization.rows(table):
        ref = found.ref(collection.column)
        if ref and ref.id == row.id and caller.allows("Read", found):
            yield found


def _fits(caller: Caller, row: Row, targets: tuple[str, ...]) -> bool:
    is_activity = caller.organization.schema.tables[row.table].is_activity
    return row.table in targets or (is_activity and NAMELESS in targets)
