"""Which organisation the CRM belongs to, known although the CRM is away."""

from sqlalchemy import Connection, select

from insights.database import Database, insert_into
from insights.ports import Crm
from insights.settings import Settings
from insights.tables import facts


async def organization_id(settings: Settings, database: Database, crm: Crm) -> str:
    """The id of the CRM's organisation, asked once for good; `database` is Liaison's own."""
    if settings.crm == "embedded":
        return await crm.organization_id()
    name = f"organization {settings.dataverse_url}"
    known: str | None = await database.read(
        lambda c: c.scalar(select(facts.c.value).where(facts.c.name == name))
    )
    if known is None:
        known = await crm.organization_id()
        await database.write(_note_fact, name, known)
    return known


def _note_fact(connection: Connection, name: str, value: str) -> None:
    row = insert_into(connection, facts).values(name=name, value=value)
    connection.execute(row.on_conflict_do_nothing())
