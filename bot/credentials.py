"""The token with which the bot answers, from Entra; msal waits in a thread, not in the event loop."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from insights.errors import Unavailable
from insights.settings import Settings

SCOPE = "https://api.botframework.com/.default"
RESOURCE = "https://api.botframework.com"
EARLY = 300.0
"""Seconds before its end at which a token is replaced."""


class Credentials(Protocol):
    """Who hands out the token for the connector."""

    async def token(self) -> str:
        """A bearer token, "" where the channel wants none."""
        ...


class NoCredentials:
    """For channels on this machine, which ask for no token."""

    async def token(self) -> str:
        """No token."""
        return ""


class AppCredentials:
    """The app's own token by client secret or managed identity, kept until shortly before its end."""

    def __init__(self, acquire: Callable[[], Mapping[str, Any]]) -> None:
        self._acquire = acquire
        self._token = ""
        self._good_until = 0.0
        self._lock = asyncio.Lock()

    async def token(self) -> str:
        """A token that is good for five more minutes; raises Unavailable where Entra gives none."""
        async with self._lock:
            if time.monotonic() > self._good_until:
                answer = await self._ask()
                if "access_token" not in answer:
                    raise Unavailable("no_bot_token", error=str(answer.get("error", "?")))
                self._token = answer["access_token"]
                self._good_until = time.monotonic() + float(answer.get("expires_in", 0)) - EARLY
        return self._token

    async def _ask(self) -> Mapping[str, Any]:
        try:
            return await asyncio.to_thread(self._acquire)
        except (OSError, ValueError) as error:  # requests' errors are OSErrors, msal's ValueErrors
            return {"error": type(error).__name__}


def open_credentials(settings: Settings, open_session: Callable[[], Any]) -> Credentials:
    """The credentials that the settings name; MSAL asks with what `open_session` gives it."""

    def by_secret() -> Mapping[str, Any]:
        import msal  # costs 0.2 s that only its users should pay

        tenant = settings.microsoft_app_tenant_id or "botframework.com"
        app = msal.ConfidentialClientApplication(
            settings.microsoft_app_id,
            client_credential=settings.microsoft_app_password,
            authority=f"{settings.entra_authority}/{tenant}",
            http_client=open_session(),
        )
        answer: Mapping[str, Any] = app.acquire_token_for_client(scopes=[SCOPE])
        return answer

    def by_identity() -> Mapping[str, Any]:
        import msal

        client = msal.ManagedIdentityClient(
            msal.UserAssignedManagedIdentity(client_id=settings.microsoft_app_id),
            http_client=open_session(),
        )
        answer: Mapping[str, Any] = client.acquire_token_for_client(resource=RESOURCE)
        return answer

    is_identity = settings.microsoft_app_type == "UserAssignedMSI"
    return AppCredentials(by_identity if is_identity else by_secret)
