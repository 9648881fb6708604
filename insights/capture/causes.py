"""Why an email or one of its files did not reach the CRM: code → words and remedy.

The codes are those of the Problems that the ports' methods raise; tables and jobs keep nothing but
them, the words are looked up when they are shown.
"""

from insights.capture.views import Failure

CAUSES = {
    "message_gone": ("the email is no longer in your mailbox", "Move it back and retry."),
    "no_email": ("the email is no longer in your mailbox", "Move it back and retry."),
    "no_attachment": ("the file is no longer part of the email", "Nothing is left to do."),
    "linked_file": ("the file is only a link to OneDrive or SharePoint", "Share the link instead."),
    "mail_unreadable": ("this email is damaged and cannot be read", "Forward it to yourself and track that."),
    "no_mailbox": ("the mailbox is no longer shared with you", "Ask its owner to share it, then retry."),
    "interaction_required": ("Microsoft 365 wants you to sign in again", "Sign in again, then retry."),
    "sign_in_needed": ("Microsoft 365 wants you to sign in again", "Sign in again, then retry."),
    "signed_out": ("you are signed out of Microsoft 365", "Sign in again, then retry."),
    "consent_required": ("nobody has agreed yet that Liaison may read your email", "Ask your administrator."),
    "no_account": ("your CRM user is not connected with your account", "Ask your administrator."),
    "mail_not_granted": ("Liaison may not read this mailbox", "Ask your administrator."),
    "mail_refused": ("Microsoft 365 did not hand the email over", "Retry; tell your administrator."),
    "user_gone": ("the person who tracked it has no CRM user any more", "Track it yourself."),
    "unavailable": ("the CRM or the mailbox did not answer", "Retry in a few minutes."),
    "record_not_found": ("the record it is about is gone, or you may not see it", "Track it elsewhere."),
    "not_allowed": ("the CRM does not let you write there", "Ask the owner of the record."),
    "attachment_too_large": ("the file is larger than the CRM takes", "Share it as a link."),
    "blocked_attachment": ("the CRM does not take this type of file", "Share it as a link."),
    "tracked_meanwhile": ("somebody else was tracking it at the same moment", "Retry."),
    "read_only": ("the email is completed in the CRM and takes no more files", "Attach it in the CRM."),
    "no_entra_account": ("your CRM user is not connected with your account", "Ask your administrator."),
    "may_not_impersonate": ("the CRM does not let Liaison act for its users", "Ask your administrator."),
    "app_not_allowed": ("the CRM does not let Liaison do this", "Ask your administrator."),
    "not_yours": ("somebody else tracked it", "Ask them."),
    "table_missing": ("the CRM has no such table any more", "Tell your administrator."),
    "crm_refused": ("the CRM did not accept it", "Tell your administrator."),
    "unexpected": ("something unexpected happened on the server", "Retry; tell your administrator."),
}


def failure_of(cause: str) -> Failure:
    """The words for a cause; an unknown code is told as unexpected."""
    why, action = CAUSES.get(cause, CAUSES["unexpected"])
    return Failure(cause=why, action=action)
