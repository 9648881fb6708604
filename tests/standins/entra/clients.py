"""How an application proves itself: secret, certificate, or a managed identity's token."""

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import Certificate

from tests.standins.entra.directory import Application, Tenant
from tests.standins.entra.errors import Refusal
from tests.standins.entra.signing import Keys

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
EXCHANGE = "api://AzureADTokenExchange"


def find_application(tenant: Tenant, form: Mapping[str, str]) -> Application:
    """The application that a request names; it proves nothing yet."""
    if application := tenant.applications.get(form.get("client_id", "")):
        return application
    raise Refusal(700016)


def require_proof(
    tenant: Tenant, keys: Keys, application: Application, form: Mapping[str, str], endpoint: str
) -> None:
    """Raise Refusal unless the request proves to come from the application."""
    if secret := form.get("client_secret"):
        if secret not in application.secrets:
            raise Refusal(7000215)
        return
    assertion = form.get("client_assertion", "")
    if form.get("client_assertion_type") != ASSERTION or not assertion:
        raise Refusal(7000218)
    try:
        header = jwt.get_unverified_header(assertion)
    except jwt.InvalidTokenError:
        raise Refusal(50013) from None
    if header.get("kid") in keys.published:
        _require_federated(keys, application, assertion, tenant.now())
        return
    _require_certificate(application, assertion, header, endpoint, tenant.now())


def _require_federated(keys: Keys, application: Application, assertion: str, now: float) -> None:
    try:
        claims = keys.read(assertion, {EXCHANGE}, now)
    except jwt.InvalidTokenError:
        raise Refusal(700213) from None
    if claims["sub"] not in application.federated_subjects:
        raise Refusal(700213)


def _require_certificate(
    application: Application, assertion: str, header: Mapping[str, Any], endpoint: str, now: float
) -> None:
    """`x5t#S256` with PS256, or the older `x5t` with RS256, as Microsoft's page on assertions has it."""
    for certificate in application.certificates:
        if not _is_named(certificate, header):
            continue
        key = certificate.public_key()
        assert isinstance(key, RSAPublicKey)
        options: Any = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}
        try:
            claims = jwt.decode(
                assertion,
                key,
                ["PS256", "RS256"],
                audience=endpoint,
                issuer=application.app_id,
                subject=application.app_id,
                options=options,
            )
        except jwt.InvalidTokenError:
            raise Refusal(50013) from None
        if not claims.get("nbf", now) - 300 <= now < claims["exp"] + 300:
            raise Refusal(500133)
        return
    raise Refusal(700027)


def _is_named(certificate: Certificate, header: Mapping[str, Any]) -> bool:
    raw = certificate.public_bytes(Encoding.DER)
    if given := str(header.get("x5t#S256", "")):  # MSAL leaves the padding, which Entra does not mind
        return given.rstrip("=") == _encode(hashlib.sha256(raw).digest())
    return str(header.get("x5t", "")).rstrip("=") == _encode(hashlib.sha1(raw).digest())


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
