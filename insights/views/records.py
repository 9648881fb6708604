"""Records as they are found, read and made."""

from typing import Literal

from pydantic import Field

from insights.views.view import RecordItem, View


class RecordDetail(RecordItem):
    """A CRM record and how many people could see an email that the caller tracks there."""

    audience: int


class RecordPage(View):
    """A page of records; `next` is the cursor that continues it."""

    items: list[RecordItem]
    next: str | None = None


class PersonBody(View):
    """An unknown sender to become a contact or lead."""

    table: Literal["contact", "lead"]
    first_name: str = Field("", max_length=50)
    last_name: str = Field(min_length=1, max_length=50)
    email: str = Field(min_length=3, max_length=100)
    company: str = Field("", max_length=100)
    account_id: str | None = Field(None, max_length=64)
