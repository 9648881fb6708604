"""The audit trail."""

from datetime import datetime

from insights.views.view import View


class AuditEntry(View):
    """One row of the audit trail."""

    id: str
    at: datetime
    user_name: str
    action: str
    subject: str
    detail: dict[str, str]


class AuditPage(View):
    """A page of the audit trail, newest first."""

    items: list[AuditEntry]
    next: str | None = None
