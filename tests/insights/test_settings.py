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
    assert problem.value.code == "bad_setting"
    assert problem.value.what.startswith(f"{name}: ")
    assert "\n" not in problem.value.what


@pytest.mark.parametrize(
    "url",
    [
        "http://liaison.example", "http://10.0.0.5:3978", "http://0.0.0.0:3978", "http://127.0.0.2",
        "http://127.1",
        "http://localhost.:3978", "http://localhost.example", "ftp://liaison.example", "https://",
        "liaison.example",
        "https://ann@liaison.example", "https://ann:pw@liaison.example", "https://liaison.example/a",
        "https://liaison.example?a=b", "https://liaison.example/?", "https://liaison.example#top",
        "https://liaison.example\\@other.example", "https://liaison.example:99999", "https://liaison.example:",
        "https://liaison.example//", "https://li aison.example", "https://l\u00ecaison.example",
        "x:https://a.example",
    ],
)  # fmt: skip
def test_a_public_address_is_https_and_nothing_more(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("LIAISON_PUBLIC_URL", url)
    with pytest.raises(Invalid) as problem:
        read_settings()
    assert problem.value.what.startswith("LIAISON_PUBLIC_URL: must ")
    assert "\n" not in problem.value.what


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("", ""),
        ("https://Liaison.Example/", "https://liaison.example"),
        ("https://liaison.example:443", "https://liaison.example"),
        ("https://liaison.example:8443", "https://liaison.example:8443"),
        ("http://localhost:3978/", "http://localhost:3978"),
        ("http://127.0.0.1", "http://127.0.0.1"),
        ("http://[::1]:3978", "http://[::1]:3978"),
    ],
)
def test_a_public_address_is_kept_in_one_spelling(
    monkeypatch: pytest.MonkeyPatch, url: str, kept: str
) -> None:
    monkeypatch.setenv("LIAISON_PUBLIC_URL", url)
    assert read_settings().public_url == kept


@pytest.mark.parametrize("name", ["LIAISON_GRAPH_URL", "LIAISON_DATAVERSE_URL", "LIAISON_ENTRA_AUTHORITY"])
@pytest.mark.parametrize(
    "url",
    ["http://a.example", "https://a@b.example", "https://a.example#", "https://a.example?x", "x:https://b"],
)
def test_a_service_has_a_plain_address(monkeypatch: pytest.MonkeyPatch, name: str, url: str) -> None:
    monkeypatch.setenv(name, url)
    with pytest.raises(Invalid) as problem:
        read_settings()
    assert problem.value.what.startswith(f"{name}: ")


def test_the_bot_answers_people_of_tenants_that_are_named_by_id() -> None:
    ours, other = "72f988bf-86f1-41af-91ab-2d7cd011db47", "99f988bf-86f1-41af-91ab-2d7cd011db47"
    given = Settings(microsoft_app_tenant_id=ours.upper(), entra_tenants=(other,))
    assert given.tenant_ids == {ours, other}
    assert Settings(microsoft_app_tenant_id="contoso.onmicrosoft.com").tenant_ids == frozenset()
