"""Why an email or one of its files did not reach the CRM: code → words and remedy.

The codes are those of the Problems that the ports' methods raise; tables and jobs keep nothing but
them, the words are looked up when they are shown.
"""

from insights.capture.views import Failure
from insights.words import say

CAUSES = frozenset(
    {
        "message_gone",
        "no_email",
        "no_attachment",
        "linked_file",
        "mail_unreadable",
        "no_mailbox",
        "interaction_required",
        "sign_in_needed",
        "signed_out",
        "consent_required",
        "no_account",
        "mail_not_granted",
        "mail_refused",
        "user_gone",
        "unavailable",
        "record_not_found",
        "not_allowed",
        "attachment_too_large",
        "blocked_attachment",
        "tracked_meanwhile",
        "read_only",
        "no_entra_account",
        "may_not_impersonate",
        "app_not_allowed",
        "not_yours",
        "table_missing",
        "crm_refused",
        "unexpected",
    }
)


def failure_of(cause: str) -> Failure:
    """The words for a cause; an unknown code is told as unexpected."""
    known = cause if cause in CAUSES else "unexpected"
    return Failure(cause=say(f"cause.{known}.why"), action=say(f"cause.{known}.action"))
