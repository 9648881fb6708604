"""What sellers and the organisation choose."""

from typing import Annotated

from pydantic import Field

from insights.views.view import Sentence, View


class OrganizationChoices(View):
    """What the organisation chose; in a change, what is not named stays."""

    excluded_labels: list[Annotated[str, Field(min_length=1, max_length=100)]] | None = Field(
        None,
        max_length=500,
        description="ids of sensitivity labels that keep an email from being suggested or tracked; "
        "null = any label does",
    )


class ChoicesView(View):
    """The organisation's choices, each with what it does."""

    version: int
    choices: OrganizationChoices
    sentences: dict[str, Sentence]


class ChoicesBody(View):
    """A change of the organisation's choices."""

    choices: OrganizationChoices
    version: int | None = Field(None, ge=0, description="the one this change was made at, if it matters")


class Preferences(View):
    """A seller's own choices; `auto_capture` is null while the administrator has it off."""

    auto_capture: bool | None = Field(
        description="show email not tracked in the activities list; null while the feature is off"
    )
    language: str
    version: int = Field(description="grows with every change; a change may name the one it was made at")


class PreferencesBody(View):
    """The choices to change; what is not named stays."""

    version: int | None = Field(None, ge=0, description="the one this change was made at, if it matters")
    auto_capture: bool | None = None
    language: str | None = Field(None, pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=35)
