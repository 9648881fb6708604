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
TENANT = 90002
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
    error = str(answer.get("error", "?"))[:40]
    if error in {"invalid_resource", "invalid_scope"}:
        return Unavailable("unknown_resource", resource=resource, error=_numbers(numbers) or error)
    return not_reached(_numbers(numbers) or error)


def _user_problem(answer: Mapping[str, Any], numbers: set[int]) -> SignInNeeded | None:
    """What the user, or an administrator for them, can do something about."""
    error, suberror = answer.get("error"), answer.get("suberror")
    if not answer:
        return SignInNeeded("signed_out.none")
    if "consent_required" in {error, suberror} or CONSENT in numbers:
        return SignInNeeded("consent_required")
    if claims := answer.get("claims"):
        return SignInNeeded("interaction_required.one_more_step", claims=str(claims))
    if numbers & SIGNED_OUT or suberror in {"bad_token", "token_expired"}:
        return SignInNeeded("signed_out.withdrawn")
    if error in USER_ERRORS:
        return SignInNeeded("interaction_required.once_more")
    return None


def is_about_us(answer: Mapping[str, Any]) -> bool:
    """Whether Entra does not believe the registration itself, whoever asks."""
    return answer.get("error") in CLIENT_ERRORS


def not_reached(why: str) -> Unavailable:
    """Entra is away, throttles us, or answers nonsense."""
    return Unavailable("no_entra", why=why)


def no_account() -> SignInNeeded:
    """The CRM's user has no account in Entra, so nobody can have signed in as them."""
    return SignInNeeded("no_account")


def _registration(numbers: set[int]) -> Unavailable:
    if numbers & SECRET:
        what = "secret"
    elif numbers & CERTIFICATE:
        what = "certificate"
    elif numbers & FEDERATION:
        what = "federation"
    else:
        what = "registration"
    return Unavailable(f"entra_refused.{what}", numbers=_numbers(numbers) or "?")


def _numbers(numbers: set[int]) -> str:
    return ", ".join(f"AADSTS{number}" for number in sorted(numbers))
