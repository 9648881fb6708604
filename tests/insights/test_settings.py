"""Settings come from the environment under their documented names; wrong ones cost one line each."""

import pytest

from insights.errors import Invalid
from insights.settings import Settings, read_settings

APP_ID = "1fcd2a44-6a2c-4bd0-8b1e-3c1b3a6f9d11"


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AppId", "AppPassword", "AppType", "AppTenantId"):
        monkeypatch.delenv(f"Microsoft{name}", raising=False)


def test_bot_framework_keeps_its_own_names(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "MicrosoftAppId": APP_ID,
        "MicrosoftAppPassword": "s3cret",
        "MicrosoftAppType": "UserAssignedMSI",
        "MicrosoftAppTenantId": "contoso.onmicrosoft.com",
    }.items():
        monkeypatch.setenv(name, value)
    settings = read_settings()
    assert (settings.microsoft_app_id, settings.microsoft_app_password) == (APP_ID, "s3cret")
    assert settings.microsoft_app_type == "UserAssignedMSI"
    assert settings.microsoft_app_tenant_id == "contoso.onmicrosoft.com"
    assert "s3cret" not in repr(settings)


def test_a_bot_has_one_tenant_unless_told_otherwise() -> None:
    assert read_settings().microsoft_app_type == "SingleTenant"
    assert Settings(microsoft_app_type="MultiTenant").microsoft_app_type == "MultiTenant"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MicrosoftAppId", f"{APP_ID} {APP_ID}"),
        ("MicrosoftAppId", f" {APP_ID}"),
        ("MicrosoftAppType", "Both"),
        ("MicrosoftAppTenantId", "contoso"),
        ("MicrosoftAppTenantId", "https://contoso.example"),
        ("BotOpenIdMetadata", "http://keys.example/metadata"),
        ("BotOpenIdMetadata", ""),
        ("LIAISON_LOG_LEVEL", "loud"),
    ],
)
def test_a_wrong_value_is_named_as_it_was_set(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(Invalid) as problem:
        read_settings()
    assert problem.value.what.startswith(f"{name}: ")
    assert "\n" not in problem.value.what
