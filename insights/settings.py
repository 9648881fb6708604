"""What the environment decides, read once at start; wrong values stop the start, one line each.

Names and defaults are those of `docs/configuration.md`; a test compares the two.
"""

from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from insights.errors import Invalid

Network = IPv4Network | IPv6Network


def comma_separated(value: object) -> object:
    """Split `a, b` into a list, as lists are written in the environment."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


class Settings(BaseSettings):
    """Every setting of the server. Bot Framework's own names come with the bot."""

    model_config = SettingsConfigDict(env_prefix="LIAISON_", extra="ignore", frozen=True)

    data_dir: Path = Field(Path("var"), description="Folder for databases, files and keys.")
    database_url: str = Field(
        "", description="`postgresql+asyncpg://…` to grow; empty = SQLite files in the data directory."
    )
    public_url: str = Field("", description="`https://` address under which people reach the server.")
    trusted_proxies: Annotated[tuple[Network, ...], NoDecode] = Field(
        (), description="Networks whose `X-Forwarded-*` headers count, comma-separated."
    )
    crm: Literal["embedded"] = Field("embedded", description="Which CRM is used.")
    mail: Literal["embedded"] = Field("embedded", description="Which mail server is used.")
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
        parts = urlsplit(value)
        if value and (parts.scheme not in {"http", "https"} or not parts.hostname):
            raise ValueError("must be an absolute http or https address")
        return value.rstrip("/")


def read_settings(**overrides: object) -> Settings:
    """Settings from the environment, `overrides` first; raises Invalid with one line per wrong value."""
    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        return Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        lines = [
            f"LIAISON_{str(problem['loc'][0]).upper()}: {problem['msg'].removeprefix('Value error, ')}"
            for problem in error.errors(include_input=False, include_url=False)
        ]
        raise Invalid(
            "\n".join(lines),
            "a setting has a value that is not allowed",
            "correct it in the environment (docs/configuration.md)",
            code="bad_setting",
        ) from None
