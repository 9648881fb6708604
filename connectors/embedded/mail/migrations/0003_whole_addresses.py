"""Mailboxes are named by whole addresses: list the names that may stand for another one."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create `folded_keys` with every name in use: `ann@…` may be the mailbox of `ann+ext@…`."""
    op.create_table("folded_keys", sa.Column("address_key", sa.String(512), primary_key=True))
    op.execute(
        "INSERT INTO folded_keys (address_key) SELECT address_key FROM mailboxes"
        " UNION SELECT address_key FROM shares UNION SELECT reader_key FROM shares"
    )
