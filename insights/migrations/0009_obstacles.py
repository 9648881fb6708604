"""Why a feature is unavailable is the name of what it lacks; the words for it are in the catalogues."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

NAMES = {
    "Needs the CRM online; yours is on-premises.": "crm_online",
    "Needs Exchange Online; your mail server is on-premises.": "exchange_online",
}


def upgrade() -> None:
    """Put the name for each sentence."""
    features = sa.table("features", sa.column("obstacle", sa.String))
    for sentence, name in NAMES.items():
        op.execute(sa.update(features).where(features.c.obstacle == sentence).values(obstacle=name))
