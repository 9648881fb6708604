"""Terms and features: what is on, for whom, and how it is changed."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from insights.views.view import Sentence, View


class FeatureState(View):
    """Whether a feature works for the organisation, and why not."""

    state: Literal["on", "off", "setting up", "unavailable"]
    reason: Sentence = ""


class Features(View):
    """The state of each feature."""

    relationship_assistant: FeatureState
    auto_capture: FeatureState
    email_engagement: FeatureState
    relationship_analytics: FeatureState
    who_knows_whom: FeatureState


class Acceptance(View):
    """Who accepted which version of a text, and when."""

    version: str
    by: str
    at: datetime


class Terms(View):
    """The licence terms and whether the organisation accepted this version."""

    version: str
    text: Sentence
    accepted: Acceptance | None = None


Name = Annotated[str, Field(min_length=1, max_length=64)]


class Audience(View):
    """For whom a feature is on, by ids of users and groups and names of roles; all empty = for everyone."""

    users: list[Name] = Field([], max_length=1000)
    groups: list[Name] = Field([], max_length=100)
    roles: list[Name] = Field([], max_length=100)


class FeaturesView(View):
    """What administrators see: terms and features, each with what it shares with whom."""

    version: int = Field(description="grows with every change; a change may name the one it was made at")
    terms_accepted: bool
    accepted: Acceptance | None = None
    features: Features
    audience: dict[str, Audience] = Field({}, description="per feature, for whom it is on if not for all")
    sharing: dict[str, Sentence] = Field(description="per feature, what data it shares with whom")
    warnings: list[Sentence] = Field([])


Switch = Literal["on", "off"]


class FeatureSwitches(View):
    """Which features to turn on or off; what is not named stays."""

    relationship_assistant: Switch | None = None
    auto_capture: Switch | None = None
    email_engagement: Switch | None = None
    relationship_analytics: Switch | None = None
    who_knows_whom: Switch | None = None


class FeatureAudiences(View):
    """For whom features are on; what is not named stays."""

    relationship_assistant: Audience | None = None
    auto_capture: Audience | None = None
    email_engagement: Audience | None = None
    relationship_analytics: Audience | None = None
    who_knows_whom: Audience | None = None


class FeaturesBody(View):
    """A change of features; `accept_terms` accepts the terms in their present version."""

    accept_terms: bool = False
    features: FeatureSwitches = FeatureSwitches()
    audience: FeatureAudiences = FeatureAudiences()
    version: int | None = Field(None, ge=0, description="the one this change was made at, if it matters")
