"""The table of scopes: least privilege as it can be checked."""

from insights.features import FEATURES
from insights.scopes import ALWAYS, ANALYTICS, CAPTURE, SCOPES, WHO_KNOWS_WHOM, permissions

# Microsoft's list of application roles for RBAC for Applications.
ROLES_OF_EXCHANGE = {
    f"Application {name}"
    for name in (
        *("Mail.Read", "Mail.ReadBasic", "Mail.ReadWrite", "Mail.Send", "MailboxSettings.Read"),
        *("MailboxSettings.ReadWrite", "Calendars.Read", "Calendars.ReadWrite", "Contacts.Read"),
        "Contacts.ReadWrite",
    )
}


def test_every_feature_and_no_other_has_rows() -> None:
    assert {scope.feature for scope in SCOPES} == {ALWAYS, *(feature.name for feature in FEATURES)}


def test_roles_of_exchange_are_those_there_are() -> None:
    assert set(permissions("exchange")) <= ROLES_OF_EXCHANGE


def test_no_row_is_there_twice() -> None:
    assert len({(scope.feature, scope.permission) for scope in SCOPES}) == len(SCOPES)


def test_analytics_can_read_no_body() -> None:
    asked = {*permissions("exchange", {ANALYTICS, WHO_KNOWS_WHOM}), *permissions("delegated", {ANALYTICS})}
    assert "Application Mail.ReadBasic" in asked
    assert not asked & {"Application Mail.Read", "Application Mail.ReadWrite", "Mail.Read", "Mail.ReadWrite"}


def test_nothing_in_entra_reaches_a_mailbox() -> None:
    assert not [name for name in permissions("entra") if name.startswith(("Mail", "Calendars", "Contacts"))]


def test_features_add_up() -> None:
    assert permissions("delegated", ()) == ["User.Read"]
    assert permissions("delegated", {CAPTURE}) == ["User.Read", "Mail.Read", "Mail.Read.Shared"]
    everything = {name for feature in FEATURES for name in permissions("delegated", {feature.name})}
    assert everything == set(permissions("delegated"))
