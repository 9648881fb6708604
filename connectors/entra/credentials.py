"""How the registration proves itself to Entra: certificate, secret, or a managed identity vouching for it."""

import re
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from insights.errors import Unavailable
from insights.settings import Settings
from insights.words import Said, say

BLOCK = re.compile(r"-----BEGIN ([A-Z ]+)-----.+?-----END \1-----", re.DOTALL)
EXCHANGES = {
    "login.microsoftonline.us": "api://AzureADTokenExchangeUSGov",
    "login.partner.microsoftonline.cn": "api://AzureADTokenExchangeChina",
}
EXCHANGE = "api://AzureADTokenExchange"
"""What a managed identity's token must be for, so that it counts as the registration's own proof."""

Credential = str | dict[str, Any]


class CredentialSource:
    """Where MSAL gets its `client_credential`: certificate, else managed identity, else secret.

    The managed identity does not call services itself but vouches for the registration (a federated
    credential), so that all rights belong to one application.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def read(self) -> Credential:
        """The credential as it is now: a certificate may have been renewed. Raises Unavailable."""
        settings = self._settings
        if settings.entra_certificate:
            return _read_certificate(Path(settings.entra_certificate))
        if settings.entra_managed_identity:
            return {"client_assertion": self._assertion}
        return settings.entra_secret

    def _assertion(self) -> str:
        return self._vouch()

    @cached_property
    def _vouch(self) -> Callable[[], str]:
        host = urlsplit(self._settings.entra_authority).hostname or ""
        return _vouched_by(self._settings.entra_managed_identity, EXCHANGES.get(host, EXCHANGE))


def _read_certificate(path: Path) -> Credential:
    """Private key and certificate of a PEM file, in any order; the certificate goes along (SNI)."""
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    from cryptography.x509 import load_pem_x509_certificate

    try:
        blocks = [(match[1], match[0]) for match in BLOCK.finditer(path.read_text("ascii"))]
        keys = [block for kind, block in blocks if kind.endswith("PRIVATE KEY")]
        certificates = [block for kind, block in blocks if kind == "CERTIFICATE"]
        key = load_pem_private_key(keys[0].encode(), None)
        certificate = load_pem_x509_certificate(certificates[0].encode())
        if certificate.public_key() != key.public_key():
            raise ValueError("key and certificate do not belong together")
    except IndexError:
        raise _certificate_problem(say("why.does_not_hold_both_private")) from None
    except OSError as error:
        raise _certificate_problem((error.strerror or type(error).__name__).lower()) from None
    except (ValueError, TypeError):
        raise _certificate_problem(say("why.key_certificate_cant_read_dont")) from None
    return {"private_key": keys[0], "public_certificate": "\n".join(certificates)}


def _certificate_problem(why: Said) -> Unavailable:
    return Unavailable("bad_certificate", why=why)


def _vouched_by(identity: str, exchange: str) -> Callable[[], str]:
    """A function that gets the managed identity's token; MSAL keeps it until shortly before its end."""
    import msal

    from connectors.sessions import CarefulSession

    session = CarefulSession()
    session.trust_env = False  # the identity's endpoint is on this machine, never behind a proxy
    kind = (
        msal.SystemAssignedManagedIdentity()
        if identity == "system"
        else msal.UserAssignedManagedIdentity(client_id=identity)
    )
    client = msal.ManagedIdentityClient(kind, http_client=session)

    def vouch() -> str:
        try:
            answer = client.acquire_token_for_client(resource=exchange)
        except (OSError, ValueError, msal.ManagedIdentityError) as error:
            answer = {"error": type(error).__name__}
        if "access_token" not in answer:
            raise Unavailable("no_managed_identity", error=str(answer.get("error", "?")))
        return str(answer["access_token"])

    return vouch
