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
    return Unavailable(
        "Your mailbox is busy",
        "Microsoft 365 limits how often it may be read and asked us to wait",
        "try again in a few minutes",
        code="mail_busy",
    )


def unreachable() -> Unavailable:
    """No answer, or none that is whole."""
    return Unavailable(
        "Your mailbox does not answer",
        "Microsoft 365 could not be reached in time",
        "try again in a moment",
        code="mail_unreachable",
    )


def elsewhere() -> Unavailable:
    """An answer that leads away from Graph, where no token goes."""
    return Unavailable(
        "Your mailbox cannot be read on",
        "an answer of Microsoft 365 referred to another address",
        "try again; if it stays so, tell your administrator",
        code="mail_elsewhere",
    )


def too_long() -> Unavailable:
    """An answer that does not end."""
    return Unavailable(
        "Your mailbox cannot be read",
        "Microsoft 365 answered with more than we take",
        "try again; if it stays so, tell your administrator",
        code="mail_too_long",
    )


def away() -> Unavailable:
    """A mailbox that was there before, and is on its way to another server."""
    return Unavailable(
        "Your mailbox is away at the moment",
        "Microsoft 365 does not find it; it is probably being moved",
        "try again later; if it stays so, ask your administrator",
        code="mail_away",
    )


def refused(status: int, code: str) -> Problem:
    """Whatever else Graph may say; its message stays out, for it may quote what was asked."""
    if status == 403:
        return NotAllowed(
            "Liaison may not read this in Microsoft 365",
            f"a permission is missing or was withdrawn ({code or status})",
            "ask an administrator to grant it",
            code="mail_not_granted",
        )
    return Unavailable(
        "Microsoft 365 did not do what we asked",
        f"it answered {status} {code}".rstrip(),
        "try again; if it stays so, tell your administrator",
        code="mail_refused",
    )


def no_mailbox() -> NotFound:
    """A mailbox that is not, or not for this reader."""
    return NotFound(
        "There is no such mailbox for you",
        "it does not exist or is not shared with you",
        "ask its owner or an administrator to share it",
        code="no_mailbox",
    )


def no_email() -> NotFound:
    """A message that the mailbox does not hold."""
    return NotFound("No such email", "your mailbox does not hold it, or no longer", code="no_email")


def no_attachment() -> NotFound:
    """A file that the message does not have."""
    return NotFound("No such attachment", "the message has no file of this id", code="no_attachment")


def sign_in_again(claims: str = "") -> SignInNeeded:
    """Graph refuses the token that Entra gave us for the user."""
    return SignInNeeded(
        "Sign in once more",
        "Microsoft 365 no longer accepts the sign-in you gave us",
        "sign in again",
        code="sign_in_needed",
        claims=claims,
    )
