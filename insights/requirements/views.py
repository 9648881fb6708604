"""What Liaison needs around it."""

from typing import Literal

from pydantic import Field

from insights.views import Sentence, View


class RequirementItem(View):
    """Something that Liaison needs around it, and whether it is there."""

    requirement: Sentence
    state: Literal["met", "not met", "unknown"]
    cause: Sentence = Field(description="why it is not met or not known")
    action: Sentence = Field(description="what to do about it")
    link: str = Field(description="where to read more")


class RequirementList(View):
    """Everything that Liaison needs; always whole."""

    items: list[RequirementItem]
    next: str | None = None
