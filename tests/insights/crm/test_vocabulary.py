"""What both CRM connectors understand Dataverse's codes to say."""

import pytest

from insights.crm.activities import RECIPIENTS, SENDERS, direction_of, placed_by
from insights.crm.depths import BASIC, DEEP, GLOBAL, LOCAL, NONE, may_read
from insights.crm.mailboxes import read_state
from insights.crm.search import BY_ADDRESS, BY_PART, BY_START, ways_of
from insights.model import MailboxState


@pytest.mark.parametrize(
    ("depth", "readers"),
    [
        (NONE, set()),
        (BASIC, {"owner"}),
        (LOCAL, {"owner", "beside"}),
        (DEEP, {"owner", "beside", "above"}),
        (GLOBAL, {"owner", "beside", "above", "elsewhere"}),
    ],
)
def test_depths_say_who_reads(depth: int, readers: set[str]) -> None:
    people = {
        "owner": (True, True, True),
        "beside": (False, True, True),
        "above": (False, False, True),
        "elsewhere": (False, False, False),
    }
    assert readers == {
        who
        for who, (is_owner, is_same_unit, is_above) in people.items()
        if may_read(depth, is_owner=is_owner, is_same_unit=is_same_unit, is_above=is_above)
    }


def test_a_mailbox_that_says_nothing_is_ready() -> None:
    assert read_state(None, None, None, None) == MailboxState()
    assert read_state(2, 1, 1, by_admin=True) == MailboxState("server", approved=True, tested=True)
    assert read_state(3, None, None, None).synchronisation == "forward"
    assert read_state(0, None, None, None).synchronisation == "none"
    assert not read_state(2, 2, None, None).tested
    assert not read_state(2, 1, 0, None).approved
    assert not read_state(2, 1, 1, by_admin=False).approved


def test_activities_have_senders_recipients_and_a_place() -> None:
    assert (SENDERS, RECIPIENTS) == ((1, 7), (2, 5, 6))
    assert [direction_of(code) for code in (None, True, False)] == [None, "outgoing", "incoming"]
    assert placed_by("email") == ("senton", "actualend")
    assert placed_by("serviceappointment") == placed_by("appointment") == ("scheduledstart",)
    assert placed_by("task") == placed_by("new_visit") == ("actualend", "scheduledend")


def test_a_text_matches_in_ways_the_nearest_first() -> None:
    assert ways_of("", is_address=False) == (BY_START,)
    assert ways_of("ana", is_address=False) == (BY_START, BY_PART)
    assert ways_of("ana@x.example", is_address=True) == (BY_ADDRESS, BY_START, BY_PART)
