"""One Dataverse organisation: its schema, rows, clock, and the switches a test may set."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from uuid import NAMESPACE_URL, uuid4, uuid5

from tests.standins.dataverse.navigation import Navigation, navigation_of
from tests.standins.dataverse.schema import NAMELESS, Schema, Table
from tests.standins.dataverse.store import Ref, Row, Store

ADMINISTRATOR = "System Administrator"
UPLOAD_LIMIT = 5_242_880
BLOCKED = "ade;adp;app;bat;chm;cmd;com;cpl;exe;hta;js;jse;lnk;msi;pif;ps1;reg;scr;svg;vbe;vbs;wsf;wsh"
ACT_ON_BEHALF = "prvActOnBehalfOfAnotherUser"


def utc_now() -> datetime:
    """The time."""
    return datetime.now(UTC)


@cache
def stable_id(kind: str, name: str) -> str:
    """The same GUID for the same name, for what every organisation has."""
    return str(uuid5(NAMESPACE_URL, f"standin:{kind}:{name.casefold()}"))


@dataclass
class Organization:
    """Everything behind the Web API."""

    schema: Schema
    now: Callable[[], datetime] = utc_now
    store: Store = field(default_factory=Store)
    organization_id: str = field(default_factory=lambda: str(uuid4()))
    root_unit_id: str = field(default_factory=lambda: str(uuid4()))
    app_user_id: str = field(default_factory=lambda: str(uuid4()))
    may_impersonate: bool = True
    """Whether the application user has prvActOnBehalfOfAnotherUser."""
    closed_takes_attachments: bool = False
    """Whether a completed email takes further attachments."""
    oldest_delta: int = 0
    """Delta tokens of versions below this have expired."""

    def __post_init__(self) -> None:
        self.navigation: Navigation = navigation_of(self.schema)

    def use_schema(self, schema: Schema) -> None:
        """Change the tables there are."""
        self.schema, self.navigation = schema, navigation_of(schema)

    def find(self, ref: Ref) -> Row | None:
        """The row of a reference; `activitypointer` finds an activity of any kind."""
        if ref.table != NAMELESS:
            return self.store.find(ref.table, ref.id)
        for table in self.schema.activities:
            row = self.store.find(table.name, ref.id)
            if row:
                return row
        return None

    def rows(self, table: Table) -> list[Row]:
        """All rows of a table; those of `activitypointer` are all activities."""
        if table.name != NAMELESS:
            return list(self.store.rows(table.name).values())
        return [row for activity in self.schema.activities for row in self.store.rows(activity.name).values()]

    def name_of(self, ref: Ref) -> str:
        """What a row is called, "" if it has no name."""
        row = self.find(ref)
        return row.text(self.schema.tables[row.table].primary_name) if row else ""

    @property
    def settings(self) -> Row:
        """The one row of `organization`."""
        row = self.store.find("organization", self.organization_id)
        if row is None:
            raise LookupError("the organisation has no row: bootstrap it first")
        return row
