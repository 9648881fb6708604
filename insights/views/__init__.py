"""What the use-cases of shared rooms answer and take; those of a capability lie in its folder."""

from insights.views.audit import AuditEntry, AuditPage
from insights.views.choices import ChoicesBody, ChoicesView, OrganizationChoices, Preferences, PreferencesBody
from insights.views.features import (
    Acceptance,
    Audience,
    FeatureAudiences,
    Features,
    FeaturesBody,
    FeatureState,
    FeaturesView,
    FeatureSwitches,
    Terms,
)
from insights.views.people import Access, Me, Privileges, SignInCode, UserView
from insights.views.records import PersonBody, RecordDetail, RecordPage
from insights.views.view import RecordItem, Ref, Sentence, View

__all__ = [
    "Acceptance",
    "Access",
    "Audience",
    "AuditEntry",
    "AuditPage",
    "ChoicesBody",
    "ChoicesView",
    "FeatureAudiences",
    "FeatureState",
    "FeatureSwitches",
    "Features",
    "FeaturesBody",
    "FeaturesView",
    "Me",
    "OrganizationChoices",
    "PersonBody",
    "Preferences",
    "PreferencesBody",
    "Privileges",
    "RecordDetail",
    "RecordItem",
    "RecordPage",
    "Ref",
    "Sentence",
    "SignInCode",
    "Terms",
    "UserView",
    "View",
]
