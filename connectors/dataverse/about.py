"""What activities are about: the record they regard and those they are connected to, as far as readable.

Both come along with the activity by `$expand`; the service leaves out rows that the user may not read.
Only what does not fit into one query (many custom tables, further links) is read after it.
"""

from collections.abc import Iterable, Sequence

from connectors.dataverse.activity import REGARDING
from connectors.dataverse.metadata import CREATED_ON, STATE, TableInfo
from connectors.dataverse.query import MOST_EXPANDS, Expand
from connectors.dataverse.records import Records, lookup, text
from connectors.dataverse.wire import Row
from insights.crm.activities import About
from insights.crm.conditions import Column, Compare
from insights.model import Record, RecordRef

CONNECTIONS = (
    ("email_connections1", Column("record2id", "lookup")),
    ("email_connections2", Column("record1id", "lookup")),
)
CONNECTION_ID = Column("connectionid", "guid")


class Abouts:
    """Reads what emails are about, for one user."""

    def __init__(self, records: Records) -> None:
        self._records, self._metadata = records, records.metadata

    @property
    def columns(self) -> list[Column]:
        """What has to be selected of the email itself."""
        return [REGARDING]

    def expand(self, taken: int = 0) -> list[Expand]:
        """What to bring along with an email, where `taken` of the joins are needed for something else."""
        found = []
        if self._records.may_read("connection"):
            active = Compare(STATE, "eq", 0)
            found = [Expand(name, [CONNECTION_ID, CREATED_ON, other], active) for name, other in CONNECTIONS]
        left = MOST_EXPANDS - taken - len(found)
        for table in self._metadata.timeline:
            expand = self._regarding(table)
            if expand and expand.count <= left:
                found.append(expand)
                left -= expand.count
        return found

    async def read(self, activities: Sequence[Row], known: Iterable[Record] = ()) -> dict[str, About]:
        """By activity id; `known` are records that the user was seen to read just now."""
        records = {record.ref: record for record in known}
        regarding: dict[str, RecordRef] = {}
        links = {str(row["activityid"]): _links(row) for row in activities}
        asked: set[RecordRef] = {ref for refs in links.values() for ref in refs}
        for row in activities:
            ref = lookup(row, REGARDING.name)
            if ref is None:
                continue
            regarding[str(row["activityid"])] = ref
            table = self._metadata.tables.get(ref.table)
            navigation = self._navigation(table) if table else ""
            if not table or navigation not in row:
                asked.add(ref)
            elif isinstance(row[navigation], dict):
                records[ref] = self._records.as_record(table, row[navigation])
        records |= await self._records.find(asked - records.keys())
        return {
            key: About(
                records.get(regarding[key]) if key in regarding else None,
                tuple(records[ref] for ref in refs if ref in records),
            )
            for key, refs in links.items()
        }

    def _regarding(self, table: TableInfo) -> Expand | None:
        navigation = self._navigation(table)
        if not navigation or not self._records.may_read(table.name):
            return None
        return Expand(navigation, self._records.columns(table), expand=self._records.expand(table))

    def _navigation(self, table: TableInfo) -> str:
        return self._metadata["email"].navigation.get((REGARDING.name, table.name), "")


def _links(email: Row) -> list[RecordRef]:
    """The records that connections lead to, in the order in which they were made."""
    found: list[tuple[str, str, RecordRef]] = []
    for name, other in CONNECTIONS:
        for row in email.get(name) or ():
            ref = lookup(row, other.name)
            if ref:
                found.append((text(row, CREATED_ON.name), str(row["connectionid"]), ref))
    return list(dict.fromkeys(ref for _, _, ref in sorted(found, key=lambda each: each[:2])))
