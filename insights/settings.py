"""What the environment decides, read once at start; wrong values stop the start, one line each.

Names and defaults are those of `docs/configuration.md`; a test compares the two.
"""

from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from re import fullmatch
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from insights.errors import Invalid
from insights.outside import read_address

Network = IPv4Network | IPv6Network
PREFIX = "LIAISON_"
BOT_OPEN_ID_METADATA = "https://login.botframework.com/v1/.well-known/openidconfiguration"
GUID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
DOMAIN = r"([0-9a-zA-Z-]{1,63}\.)+[a-zA-Z][0-9a-zA-Z-]{0,61}[0-9a-zA-Z]"


def comma_separated(value: object) -> object:
    """Split `a, b` into a list, as lists are written in the environment."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def safely_reached(value: str) -> str:
    """An address that has to be https except on this machine, from its parts; "" stays."""
    address = read_address(value)
    if value and (address is None or not address.is_safe):
        raise ValueError("must be an https address, without a user or anything after #")
    return str(address) if address else ""


class Settings(BaseSettings):
    """Every setting of the server; those of Bot Framework keep the names they have there."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, extra="ignore", frozen=True, validate_by_name=True, validate_by_alias=True
    )

    data_dir: Path = Field(Path("var"), description="Folder for databases, files and keys.")
    database_url: str = Field(
        "", description="`postgresql+asyncpg://…` to grow; empty = SQLite files in the data directory."
    )
    public_url: str = Field(
        "",
        description="`https://` address under which people reach the server, host and port alone; "
        "`http://` only for this very machine, such as `http://localhost:3978`.",
    )
    trusted_proxies: Annotated[tuple[Network, ...], NoDecode] = Field(
        (), description="Networks whose `X-Forwarded-*` headers count, comma-separated."
    )
    connections: int = Field(
        4000,
        ge=1,
        description="Connections that may be open; never more than the process may open files for.",
    )
    connections_per_address: int = Field(
        200, ge=1, description="Connections that one address may hold open; trusted proxies any number."
    )
    crm: Literal["embedded", "dataverse"] = Field("embedded", description="Which CRM is used.")
    mail: Literal["embedded", "graph"] = Field("embedded", description="Which mail server is used.")
    dataverse_url: str = Field(
        "", description="Address of the Dataverse environment, such as `https://contoso.crm4.dynamics.com`."
    )
    graph_url: str = Field(
        "https://graph.microsoft.com",
        description="Address of Microsoft Graph; other only in sovereign clouds.",
    )
    entra_tenants: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Ids of the Entra tenants whose people may sign in, comma-separated; the first is ours.",
    )
    entra_client_id: str = Field(
        "", description="Application (client) id of the Entra registration that people sign in to."
    )
    entra_certificate: str = Field(
        "", description="PEM file with the registration's private key and certificate; better than a secret."
    )
    entra_secret: str = Field("", description="Client secret of the registration.", repr=False)
    entra_managed_identity: str = Field(
        "", description="On Azure, instead of both: client id of a managed identity, or `system`."
    )
    entra_authority: str = Field(
        "https://login.microsoftonline.com",
        description="Where Entra signs people in; other only in sovereign clouds.",
    )
    secret_keys: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Signing keys, comma-separated, 32 characters or more: the first signs, all verify; "
        "empty = one made in `keys/`.",
        repr=False,
    )
    metrics_token: str = Field(
        "", description="Bearer token for `/metrics` from other machines; empty = loopback only.", repr=False
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least severe log line that is written."
    )
    microsoft_app_id: str = Field(
        "",
        alias="MicrosoftAppId",
        description="Application (client) id of the Entra registration; the bot and the manifests need it.",
    )
    microsoft_app_password: str = Field(
        "",
        alias="MicrosoftAppPassword",
        description="Client secret of that registration; a managed identity has none.",
        repr=False,
    )
    microsoft_app_type: Literal["SingleTenant", "MultiTenant", "UserAssignedMSI"] = Field(
        "SingleTenant",
        alias="MicrosoftAppType",
        description="Kind of bot: `SingleTenant`, `UserAssignedMSI` (managed identity), "
        "`MultiTenant` only where it exists already.",
    )
    microsoft_app_tenant_id: str = Field(
        "",
        alias="MicrosoftAppTenantId",
        description="Tenant of the registration, as id or domain; not for `MultiTenant`. The bot answers its "
        "people and those of `LIAISON_ENTRA_TENANTS`, so where this is a domain or empty that is needed.",
    )
    bot_open_id_metadata: str = Field(
        BOT_OPEN_ID_METADATA,
        alias="BotOpenIdMetadata",
        description="Where the keys are published with which the bot's callers sign.",
    )

    @property
    def tenant_ids(self) -> frozenset[str]:
        """Ids of the tenants whose people the bot answers; a domain is none, for activities name ids."""
        own = self.microsoft_app_tenant_id.lower()
        return frozenset({*self.entra_tenants, *([own] if fullmatch(GUID, own) else [])})

    @property
    def has_entra(self) -> bool:
        """Whether people sign in with Entra."""
        return bool(self.entra_client_id)

    @field_validator("entra_tenants", mode="before")
    @classmethod
    def _tenants(cls, value: object) -> object:
        return comma_separated(value)

    @field_validator("entra_tenants")
    @classmethod
    def _tenant_ids(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if wrong := [tenant for tenant in value if not fullmatch(GUID, tenant)]:
            raise ValueError(f"{wrong[0]} is no tenant id, such as 72f988bf-86f1-41af-91ab-2d7cd011db47")
        return tuple(tenant.lower() for tenant in value)

    @field_validator("entra_client_id")
    @classmethod
    def _client_id(cls, value: str) -> str:
        if value and not fullmatch(GUID, value):
            raise ValueError("must be an application id, such as 1fcd2a44-6a2c-4bd0-8b1e-3c1b3a6f9d10")
        return value.lower()

    @field_validator("dataverse_url", "graph_url", "entra_authority")
    @classmethod
    def _service(cls, value: str) -> str:
        if "?" in value:
            raise ValueError("must be an https address without a query")
        return safely_reached(value)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        """Whatever is chosen has all that it needs."""
        needs = {"crm": self.crm == "dataverse", "mail": self.mail == "graph"}
        by = [environment_name(name) for name, is_needed in needs.items() if is_needed]
        by += ["LIAISON_ENTRA_CLIENT_ID"] * self.has_entra
        missing: dict[str, bool] = {}
        if by:
            proofs = (self.entra_certificate, self.entra_secret, self.entra_managed_identity)
            missing["LIAISON_ENTRA_TENANTS"] = not self.entra_tenants
            missing["LIAISON_ENTRA_CLIENT_ID"] = not self.entra_client_id
            missing["LIAISON_ENTRA_CERTIFICATE (or _SECRET, or _MANAGED_IDENTITY)"] = not any(proofs)
        if self.crm == "dataverse":
            missing["LIAISON_DATAVERSE_URL"] = not self.dataverse_url
        lines = [
            f"{name}: is missing; {by[0]} needs it" for name, is_missing in missing.items() if is_missing
        ]
        if lines:
            raise ValueError("\n".join(lines))
        return self

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _networks(cls, value: object) -> object:
        parts = comma_separated(value)
        return [ip_network(part) if isinstance(part, str) else part for part in parts]  # type: ignore[attr-defined]

    @field_validator("secret_keys", mode="before")
    @classmethod
    def _keys(cls, value: object) -> object:
        keys = comma_separated(value)
        if isinstance(value, str) and value and not keys:
            raise ValueError("there is no key between the commas")
        return keys

    @field_validator("secret_keys")
    @classmethod
    def _long_enough(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if any(len(key) < 32 for key in value):
            raise ValueError("each key needs at least 32 characters")
        return value

    @field_validator("database_url")
    @classmethod
    def _postgresql(cls, value: str) -> str:
        if value and not value.startswith("postgresql+asyncpg://"):
            raise ValueError("must start with postgresql+asyncpg:// or be empty")
        return value

    @field_validator("public_url")
    @classmethod
    def _absolute(cls, value: str) -> str:
        address = read_address(value)
        if value and (address is None or str(address) != address.origin):
            raise ValueError("must be the https address of a host, with a port where it needs one")
        if address and not address.is_safe:
            raise ValueError("must begin with https://, for all but this very machine")
        return str(address) if address else ""

    @field_validator("bot_open_id_metadata")
    @classmethod
    def _safely_fetched(cls, value: str) -> str:
        if not value:
            raise ValueError("must be an https address")
        return safely_reached(value)

    @field_validator("microsoft_app_id")
    @classmethod
    def _application(cls, value: str) -> str:
        if value.split() != [value] * bool(value):
            raise ValueError("must be an application id, such as 1fcd2a44-6a2c-4bd0-8b1e-3c1b3a6f9d10")
        return value

    @field_validator("microsoft_app_tenant_id")
    @classmethod
    def _tenant(cls, value: str) -> str:
        if value and not fullmatch(f"{GUID}|{DOMAIN}", value):
            raise ValueError("must be a tenant id or a domain, such as contoso.onmicrosoft.com")
        return value


def environment_name(field: str) -> str:
    """The variable that a setting is read from: `LIAISON_DATA_DIR`, `MicrosoftAppId` …"""
    known = Settings.model_fields.get(field)
    if known is None:  # pydantic names an aliased field by its alias
        return field
    return known.alias or f"{PREFIX}{field.upper()}"


def read_settings(**overrides: object) -> Settings:
    """Settings from the environment, `overrides` first; raises Invalid with one line per wrong value."""
    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        return Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        lines = [_line(problem) for problem in error.errors(include_input=False, include_url=False)]
        raise Invalid("bad_setting.value", lines="\n".join(lines)) from None


def _line(problem: ErrorDetails) -> str:
    """What is wrong with which variable; what concerns several names them itself."""
    names = [environment_name(str(part)) for part in problem["loc"][:1]]
    return ": ".join([*names, problem["msg"].removeprefix("Value error, ")])
