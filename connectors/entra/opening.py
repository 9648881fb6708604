"""Puts sign-in and tokens together as the settings say."""

import asyncio
import logging
import ssl
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any

from connectors.entra.connections import Connections
from connectors.entra.credentials import CredentialSource
from connectors.entra.keys import published_by
from connectors.entra.sign_in import Assertions, SignIn
from connectors.entra.tokens import MsalTokens
from connectors.entra.validation import AccessTokens
from connectors.entra.vault import Vault
from insights.database import Database
from insights.model import Identity, User
from insights.published_keys import PublishedKeys
from insights.settings import Settings

CAPABILITIES = ["CP1"]
"""We answer claims challenges (continuous access evaluation): tokens live long, withdrawn at once."""


@dataclass(frozen=True, slots=True)
class Entra:
    """What connectors need of Entra."""

    sign_in: SignIn
    tokens: MsalTokens
    vault: Vault

    async def identify(self, token: str) -> Identity:
        """The Entra account a token proves; raises NotSignedIn, Unavailable."""
        return await self.sign_in.identify(token)

    async def sign_out(self, user: User) -> bool:
        """Forget what lets us act for the user while they are away; whether there was anything."""
        return await self.tokens.sign_out(user)


async def open_entra(
    settings: Settings,
    database: Database,
    *,
    keys: Sequence[str],
    now: Callable[[], datetime],
    stack: AsyncExitStack,
    clock: Callable[[], float] = time.monotonic,
) -> Entra:
    """Sign-in and tokens; Entra itself is first asked when somebody comes. Raises Unavailable.

    `database` is `liaison`; from `keys`, the operator's signing keys, those of the vault are derived.
    """
    logging.getLogger("msal").setLevel(logging.WARNING)  # its debug lines quote requests
    credentials = CredentialSource(settings)
    # A certificate that can't be read stops the start, not the first user.
    await asyncio.to_thread(credentials.read)
    fetch = published_by(settings.entra_authority, settings.entra_tenants[0], ssl.create_default_context())
    access_tokens = AccessTokens(
        PublishedKeys(fetch, clock=clock),
        authority=settings.entra_authority,
        tenants=settings.entra_tenants,
        client_id=settings.entra_client_id,
        now=now,
    )
    assertions, vault = Assertions(now), Vault(database, keys, now)
    make_app = _AppMaker(settings, credentials)
    tokens = MsalTokens(vault, assertions, tenants=settings.entra_tenants, make_app=make_app)
    stack.callback(make_app.close)
    stack.push_async_callback(tokens.close)
    return Entra(SignIn(access_tokens, assertions), tokens, vault)


class _AppMaker:
    """Makes MSAL's clients, which share their connections. Runs in threads."""

    def __init__(self, settings: Settings, credentials: CredentialSource) -> None:
        self._settings, self._credentials, self._lock = settings, credentials, Lock()
        self._connections: Connections | None = None

    def __call__(self, tenant_id: str, cache: Any) -> Any:
        import msal

        with self._lock:
            self._connections = self._connections or Connections()
        settings = self._settings
        return msal.ConfidentialClientApplication(
            settings.entra_client_id,
            client_credential=self._credentials.read(),
            authority=f"{settings.entra_authority}/{tenant_id}",
            instance_discovery=False,  # the operator names the authority, nobody else can
            token_cache=cache,
            http_client=self._connections,
            client_capabilities=CAPABILITIES,
        )

    def close(self) -> None:
        """Give the connections back."""
        if self._connections is not None:
            self._connections.close()
