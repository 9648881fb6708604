"""What use-cases outside the product folders answer; field names are those of the HTTP contract."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    InstanceOf,
    PlainSerializer,
    SerializationInfo,
    WithJsonSchema,
)

from insights.model import Record
from insights.words import DEFAULT, Phrase, Said, read_words


def _in_language(said: Said, info: SerializationInfo) -> str:
    """A phrase in the language whose words are the context of the serialization, English without."""
    return said if isinstance(said, str) else (info.context or read_words(DEFAULT))(said)


Sentence = Annotated[
    str | InstanceOf[Phrase],
    PlainSerializer(_in_language, return_type=str),
    WithJsonSchema({"type": "string"}),
]
"""What people read, in the language of whom it is sent to."""


class View(BaseModel):
    """A frozen answer or request; unknown fields are an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True)


class Ref(View):
    """One CRM row by table (logical name) and id."""

    table: str = Field(min_length=1, max_length=128)
    id: str = Field(min_length=1, max_length=64)


class RecordItem(View):
    """A CRM record in a list; a person's subtitle is the email address."""

    table: str
    id: str
    name: str
    subtitle: str = ""

    @classmethod
    def of(cls, record: Record) -> Self:
        """The list entry of a record."""
        return cls(table=record.table, id=record.id, name=record.name, subtitle=record.subtitle)


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


class UserView(View):
    """The signed-in CRM user."""

    id: str
    name: str
    email: str


class Access(View):
    """Read and write of one privilege."""

    read: bool
    write: bool


class Privileges(View):
    """The two privileges of product.md §5.3."""

    action_card: Access
    action_card_user_settings: Access


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


class Me(View):
    """Who is signed in and what is on."""

    user: UserView
    roles: list[str]
    privileges: Privileges
    features: Features


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
    warnings: list[Sentence] = []


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


class SignInCode(View):
    """What Teams hands to the bot after somebody signed in on our page; good for five minutes."""

    code: str


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
