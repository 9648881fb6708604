"""The audit trail holds ids only and is only added to; what people are called stands aside."""

import json
from uuid import uuid4

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

REFUSING = {
    "sqlite": tuple(
        f"CREATE TRIGGER audit_no_{verb} BEFORE {verb} ON audit "
        "BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END"
        for verb in ("update", "delete")
    ),
    "postgresql": (
        "CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()",
    ),
}


def upgrade() -> None:
    """Create `names` and fill it from the trail, then let nothing but additions pass."""
    op.create_table(
        "names",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
    )
    dialect = op.get_bind().dialect.name
    op.execute(f"DROP TRIGGER audit_append_only{' ON audit' if dialect == 'postgresql' else ''}")
    _move_names(op.get_bind())
    with op.batch_alter_table("audit") as audit:
        audit.drop_column("user_name")
    for statement in REFUSING[dialect]:
        op.execute(statement)


def _move_names(connection: sa.Connection) -> None:
    metadata = sa.MetaData()
    audit = sa.Table("audit", metadata, autoload_with=connection)
    names = sa.Table("names", metadata, autoload_with=connection)
    known: dict[str, str] = {}
    owners: dict[str, str] = {}
    for row in list(connection.execute(sa.select(audit).order_by(audit.c.id))):
        known[row.user_id] = row.user_name
        detail = json.loads(row.detail)
        if owner := detail.get("on_behalf_of"):
            detail["on_behalf_of"] = owners.setdefault(owner, f"mailbox:{uuid4()}")
            text = json.dumps(detail, sort_keys=True)
            connection.execute(sa.update(audit).where(audit.c.id == row.id).values(detail=text))
    known |= {owner_id: owner for owner, owner_id in owners.items()}
    if known:
        connection.execute(sa.insert(names), [{"id": each, "name": name} for each, name in known.items()])
