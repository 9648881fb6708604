"""What is granted, and the link that grants."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from insights.views import Sentence, View


class GrantItem(View):
    """A delegated permission that the features turned on need."""

    permission: str
    why: list[Sentence]
    state: Literal["granted", "not granted", "unknown"]
    cause: Sentence = Field("", description="why it is not granted or not known")


class GrantUse(View):
    """What came of a consent link, as Entra told when it sent the visitor back."""

    at: datetime
    made_by: str = Field(description="the administrator who made the link; who opened it is not told")
    is_granted: bool
    error: str = Field("", description="Entra's code of the refusal")


class Grants(View):
    """The link by which an administrator of Microsoft 365 grants what the features turned on need."""

    link: str | None = Field(description="null where there is nothing to grant by link")
    reason: Sentence = Field(description="why there is no link")
    valid_until: datetime | None = None
    permissions: list[GrantItem]
    used: GrantUse | None = Field(None, description="the latest use of a link")
