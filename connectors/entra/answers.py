"""What Entra's refusals mean to us; their texts, which may name people, go nowhere."""

from collections.abc import Mapping
from typing import Any

from insights.errors import Problem, SignInNeeded, Unavailable

CONSENT, SECRET, CERTIFICATE, FEDERATION = (
    65001,
    {7000215, 7000222},
    {700027, 700021, 700024},
    {700213, 700211},
)
REGISTRATION, TENANT = 700016, 90002
SIGNED_OUT = {50173, 50057, 50034, 50089, 70008, 70043, 700082, 700084, 500133, 50013, 500131}
CLIENT_ERRORS = {"invalid_client", "unauthorized_client"}
USER_ERRORS = {"invalid_grant", "interaction_required", "login_required"}


def problem_of(answer: Mapping[str, Any], resource: str) -> Problem:
    """The Problem for an answer without a token; {} is none at all: nothing was there to be exchanged."""
    numbers = {number for number in answer.get("error_codes") or [] if isinstance(number, int)}
    if is_about_us(answer) or TENANT in numbers:
        return _registration(numbers)
    if problem := _user_problem(answer, numbers):
        return problem
    error = str(answer.get("error", "no reason given"))[:40]
    if error in {"invalid_resource", "invalid_scope"}:
        return Unavailable(
            "Microsoft Entra does not know the service that Liaison asks for",
            f"{resource} ({_numbers(numbers) or error})",
            "an operator should check LIAISON_GRAPH_URL and LIAISON_DATAVERSE_URL",
            code="unknown_resource",
        )
    return not_reached(_numbers(numbers) or error)


def _user_problem(answer: Mapping[str, Any], numbers: set[int]) -> SignInNeeded | None:
    """What the user, or an administrator for them, can do something about."""
    error, suberror = answer.get("error"), answer.get("suberror")
    if not answer:
        return _sign_in("signed_out", "Liaison has no sign-in of yours that it could use", "sign in again")
    if "consent_required" in {error, suberror} or CONSENT in numbers:
        why = "nobody has agreed yet that Liaison may use it for you"
        return _sign_in("consent_required", why, "ask an administrator to consent, see docs/operator.md")
    if claims := answer.get("claims"):
        return _sign_in("interaction_required", "Entra asks for one more step", "sign in again", str(claims))
    if numbers & SIGNED_OUT or suberror in {"bad_token", "token_expired"}:
        return _sign_in("signed_out", "your sign-in was withdrawn or has run out", "sign in again")
    if error in USER_ERRORS:
        return _sign_in("interaction_required", "Entra wants to see you once more", "sign in again")
    return None


def is_about_us(answer: Mapping[str, Any]) -> bool:
    """Whether Entra does not believe the registration itself, whoever asks."""
    return answer.get("error") in CLIENT_ERRORS


def not_reached(why: str) -> Unavailable:
    """Entra is away, throttles us, or answers nonsense."""
    return Unavailable(
        "Microsoft Entra gives no token right now",
        why,
        "try again in a moment; if it stays, tell your operator",
        code="no_entra",
    )


def no_account() -> SignInNeeded:
    """The CRM's user has no account in Entra, so nobody can have signed in as them."""
    return _sign_in(
        "no_account",
        "the CRM names no Entra account for you",
        "ask an administrator to link your CRM user with your account",
    )


def _sign_in(code: str, why: str, do: str, claims: str = "") -> SignInNeeded:
    return SignInNeeded("Microsoft 365 asks you to sign in again", why, do, code=code, claims=claims)


def _registration(numbers: set[int]) -> Unavailable:
    do = "an operator should check LIAISON_ENTRA_CLIENT_ID and LIAISON_ENTRA_TENANTS"
    if numbers & SECRET:
        do = "an operator should make a new client secret and set LIAISON_ENTRA_SECRET"
    elif numbers & CERTIFICATE:
        do = "an operator should upload the certificate of LIAISON_ENTRA_CERTIFICATE to the registration"
    elif numbers & FEDERATION:
        do = "an operator should add the managed identity as a federated credential of the registration"
    why = f"it does not accept Liaison's own registration ({_numbers(numbers) or 'no number'})"
    return Unavailable("Microsoft Entra gives Liaison no token", why, do, code="entra_refused")


def _numbers(numbers: set[int]) -> str:
    return ", ".join(f"AADSTS{number}" for number in sorted(numbers))
