"""Graph's refusals as Problems: once, here, and without a word of what was asked or answered."""

from insights.errors import NotAllowed, NotFound, Problem, SignInNeeded, Unavailable

GONE = frozenset({"ErrorItemNotFound", "ErrorInvalidIdMalformed", "ErrorMessageNotFound", "ResourceNotFound"})
NO_MAILBOX = frozenset(
    {
        "MailboxNotEnabledForRESTAPI",
        "MailboxNotSupportedForRESTAPI",
        "ErrorInvalidUser",
        "ErrorNonExistentMailbox",
        "Request_ResourceNotFound",
    }
)


def busy() -> Unavailable:
    """Microsoft 365 asks to wait for longer than the asker can."""
    return Unavailable("mail_busy")


def unreachable() -> Unavailable:
    """No answer, or none that is whole."""
    return Unavailable("mail_unreachable")


def elsewhere() -> Unavailable:
    """An answer that leads away from Graph, where no token goes."""
    return Unavailable("mail_elsewhere")


def too_long() -> Unavailable:
    """An answer that does not end."""
    return Unavailable("mail_too_long")


def away() -> Unavailable:
    """A mailbox that was there before, and is on its way to another server."""
    return Unavailable("mail_away")


def refused(status: int, code: str) -> Problem:
    """Whatever else Graph may say; its message stays out, for it may quote what was asked."""
    if status == 403:
        return NotAllowed("mail_not_granted", answer=code or status)
    return Unavailable("mail_refused", answer=f"{status} {code}".rstrip())


def no_mailbox() -> NotFound:
    """A mailbox that is not, or not for this reader."""
    return NotFound("no_mailbox.not_shared")


def no_email() -> NotFound:
    """A message that the mailbox does not hold."""
    return NotFound("no_email")


def no_attachment() -> NotFound:
    """A file that the message does not have."""
    return NotFound("no_attachment")


def sign_in_again(claims: str = "") -> SignInNeeded:
    """Graph refuses the token that Entra gave us for the user."""
    return SignInNeeded("sign_in_needed", claims=claims)
