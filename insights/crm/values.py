"""Values of rows that are asked for by value, read as their columns' kinds."""

from datetime import UTC, date, datetime
from decimal import Decimal

from insights.crm.conditions import Kind
from insights.crm.rows import CrmValue


def as_value(kind: Kind, found: object) -> CrmValue:
    """What JSON or a database has for a column as a value; None for nothing.

    How rows and their ids are written is each CRM's own: `guid` and `lookup` stay texts. Raises
    ValueError, TypeError, ArithmeticError for what is no value of the kind.
    """
    if found is None or found == "":
        return None
    read: CrmValue = str(found)
    if kind == "time":
        at = found if isinstance(found, datetime) else datetime.fromisoformat(str(found))
        read = (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    elif kind == "date":
        read = date.fromisoformat(str(found)[:10])
    elif kind == "bool":
        read = bool(found)
    elif kind in {"int", "option"}:
        read = int(str(found))
    elif kind in {"decimal", "money"}:
        read = Decimal(str(found))
    return read
