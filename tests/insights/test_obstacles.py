"""What keeps mail from being tracked: the mailbox's state first, then the message's own marks."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from insights.access import can_view_untracked, message_obstacle, tracking_obstacle
from insights.model import MailboxState, Message

OPEN = Message(
    email_id="m",
    internet_message_id="<1@mail.example>",
    conversation_id="c",
    subject="Pumps",
    at=datetime(2026, 11, 27, tzinfo=UTC),
    received_at=datetime(2026, 11, 27, tzinfo=UTC),
    sender="ana@fabrikam.example",
)
READY = MailboxState()
STATES = {
    "mailbox_not_synchronised": replace(READY, synchronisation="none"),
    "forward_mailbox": replace(READY, synchronisation="forward"),
    "mailbox_not_approved": replace(READY, approved=False),
    "mailbox_not_tested": replace(READY, tested=False),
}
MARKS = {
    "marked_private": replace(OPEN, is_private=True),
    "encrypted": replace(OPEN, is_encrypted=True),
    "labelled": replace(OPEN, labels=("confidential",)),
}


@pytest.mark.parametrize("code", STATES)
def test_the_mailbox_forbids_it(code: str) -> None:
    refusal = tracking_obstacle(STATES[code])
    assert refusal
    assert (refusal.code, refusal.status) == (code, 409)
    assert refusal.why
    assert refusal.do
    assert can_view_untracked(STATES[code]) == (code != "forward_mailbox")


@pytest.mark.parametrize("code", MARKS)
def test_the_message_forbids_it_in_any_mailbox(code: str) -> None:
    refusal = message_obstacle(MARKS[code], None)
    assert refusal
    assert (refusal.code, refusal.status) == (code, 409)


def test_only_the_excluded_labels_forbid_it_once_some_are_chosen() -> None:
    labelled = MARKS["labelled"]
    assert message_obstacle(labelled, frozenset({"secret"})) is None
    assert message_obstacle(labelled, frozenset()) is None
    assert message_obstacle(labelled, frozenset({"secret", "confidential"}))
    assert message_obstacle(replace(labelled, labels=("CONFIDENTIAL",)), frozenset({"confidential"}))


def test_nothing_forbids_an_open_message_in_a_mailbox_that_is_ready() -> None:
    assert message_obstacle(OPEN, None) is None
    assert tracking_obstacle(READY) is None
    assert can_view_untracked(READY)
