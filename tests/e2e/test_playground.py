"""The bot in Teams, as its people use it: the Agents Playground is the client, a real server answers."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, expect

from tests.e2e.conftest import HoldCrm
from tests.e2e.mailbox import Person
from tests.e2e.pane import card_of, open_demo
from tests.e2e.playground import CARD, GROUP_CHAT, PERSONAL_CHAT, Teams

OpenTeams = Callable[[Person], Teams]
Deliver = Callable[..., None]
LIST = "Email not tracked yet"


@pytest.mark.slow("starts two Playgrounds")
def test_track_turns_pending_then_tracked_in_the_same_card(
    open_teams: OpenTeams, deliver: Deliver, hold_crm: HoldCrm, alex: Person, adele: Person
) -> None:
    email = _deliver(deliver, "Terms for the two new skids", alex, adele)
    seller, colleague = open_teams(alex), open_teams(adele)
    theirs = colleague.row(colleague.show_untracked(), email["subject"])
    seller.say("untrakced")
    card = seller.last_card(LIST)
    row = seller.row(card, email["subject"])
    states = ["Tracking pending", f"Tracked by {alex.name}"]
    seller.note_first_sights(states)
    cards, sent = seller.page.locator(CARD).count(), len(seller.sent)

    with hold_crm():
        row.get_by_role("button", name="Track", exact=True).click()
        expect(row).to_contain_text(states[0])
    expect(row).to_contain_text(states[1])
    assert seller.seen() == states
    expect(row.get_by_role("button", name="Track", exact=True)).to_have_count(0)
    assert seller.page.locator(CARD).count() == cards
    changes = seller.sent[sent:]
    assert {action for action, _, _ in changes} == {"updateMessage"}
    assert {message["messageId"] for _, _, message in changes} == {_list_message(seller)["messageId"]}

    expect(theirs).to_contain_text(f"Already tracked by {alex.name}")
    expect(theirs.get_by_role("button", name="Track", exact=True)).to_have_count(0)
    assert adele.look_up(email)["item"]["tracked_by"]["name"] == alex.name


@pytest.mark.slow("mail is imported by a command, and two browsers are opened")
def test_what_is_tracked_in_outlook_changes_the_card_in_teams(
    open_teams: OpenTeams, deliver: Deliver, context: BrowserContext, demo_url: str, alex: Person
) -> None:
    email = _deliver(deliver, "Terms for the third skid", alex)
    teams = open_teams(alex)
    row = teams.row(teams.show_untracked(), email["subject"])
    outlook = card_of(open_demo(context, demo_url, alex, email))
    outlook.get_by_role("button", name="Track", exact=True).click()
    expect(outlook).to_contain_text("Tracked by you")
    expect(row).to_contain_text(f"Tracked by {alex.name}")


def test_a_found_record_is_shared_by_name_only(open_teams: OpenTeams, demo_url: str, alex: Person) -> None:
    _, email = alex.untracked()
    name = email["suggestions"][0]["record"]["name"]
    teams = open_teams(alex)
    teams.open_chat(GROUP_CHAT)
    _choose_extension(teams, "Search Command").fill(name)
    with teams.page.expect_response("**/_conversation/v1/invoke") as searched:
        teams.page.keyboard.press("Enter")
    found = searched.value.json()["composeExtension"]["attachments"]
    assert found
    for content in (attachment["content"] for attachment in found):
        assert content["version"] == "1.3"
        assert any(name in text for text in _texts(content))
        assert f"{demo_url}/t/" in json.dumps(content)
        assert "@" not in json.dumps(content)

    teams.page.get_by_role("heading", name=name, exact=True).first.click()
    teams.page.get_by_role("button", name="Send Message").click()
    shared = teams.page.locator(CARD).filter(has_text=name)
    expect(shared).to_have_count(1)
    expect(shared.get_by_role("link", name="Open")).to_be_visible()


def test_our_links_unfurl(open_teams: OpenTeams, demo_url: str, alex: Person) -> None:
    _, email = alex.untracked()
    record = email["suggestions"][0]["record"]
    teams = open_teams(alex)
    _choose_extension(teams, "Link Unfurling").fill(f"{demo_url}/t/{record['table']}:{record['id']}")
    teams.page.keyboard.press("Enter")
    preview = teams.page.get_by_role("dialog").locator(CARD)
    expect(preview).to_contain_text(record["name"])
    expect(preview.get_by_role("link", name="Open")).to_be_visible()
    teams.page.get_by_role("button", name="Send to Conversation").click()
    expect(teams.page.get_by_role("dialog")).to_have_count(0)
    expect(teams.page.locator(CARD).filter(has_text=record["name"])).to_have_count(1)


def test_the_preferences_open_from_the_help_also_where_there_are_no_dialogs(
    open_teams: OpenTeams, alex: Person
) -> None:
    """The Playground knows no `task/fetch`, so the command keeps a button of its own."""
    teams = open_teams(alex)
    teams.say("help")
    listed = teams.last_card("What you can say")
    listed.get_by_role("button", name="preferences", exact=True).click()
    shown = teams.page.locator(CARD).filter(has_text="Only you ever see it there.")
    expect(shown.get_by_role("heading", name="Preferences")).to_be_visible()
    expect(shown.get_by_role("button", name="Save")).to_be_visible()
    expect(shown.get_by_role("checkbox")).to_be_checked()


def test_a_group_never_sees_private_mail(open_teams: OpenTeams, alex: Person) -> None:
    teams = open_teams(alex)
    teams.open_chat(GROUP_CHAT)
    teams.say("untrakced", mention=True)
    expect(
        teams.page.get_by_role("paragraph").filter(has_text="I answered you in our own chat.")
    ).to_be_visible()
    expect(teams.page.locator(CARD)).to_have_count(0)

    teams.open_chat(PERSONAL_CHAT)
    teams.last_card(LIST)
    subjects = {message["subject"] for message in alex.messages()}
    assert _told(teams.sent_to(teams.personal_id), subjects)
    assert not _told(teams.sent_to(teams.group_id), subjects)
    assert [message["text"] for message in teams.sent_to(teams.group_id)][-1] == (
        "I answered you in our own chat."
    )


@pytest.fixture
def open_teams(teams_context: BrowserContext, playground_of: Callable[[Person], str]) -> OpenTeams:
    """Opens somebody's Teams in a tab of its own."""
    return lambda person: Teams(teams_context, playground_of(person))


def _deliver(deliver: Deliver, subject: str, *people: Person) -> dict[str, Any]:
    """A new message from a contact of the first to all of them."""
    letter = EmailMessage()
    letter["From"], letter["To"] = people[0].correspondent(), ", ".join(person.email for person in people)
    letter["Subject"], letter["Date"] = subject, datetime.now(UTC)
    letter["Message-ID"] = f"<{subject.replace(' ', '-')}@customer.example>"
    letter.set_content("Please see below.")
    deliver(letter, *(person.email for person in people))
    message = {"internet_message_id": letter["Message-ID"], "subject": subject}
    return message | {"id": people[0].look_up(message)["item"]["id"]}


def _choose_extension(teams: Teams, kind: str) -> Locator:
    """Open the message extension; the box to type into."""
    teams.page.get_by_role("button", name="Trigger Message Extension App").click()
    teams.page.get_by_role("menuitem", name=kind).click()
    return teams.page.get_by_role("textbox", name=re.compile("^Enter a"))


def _list_message(teams: Teams) -> dict[str, Any]:
    """The message that brought the list."""
    return next(
        message
        for action, conversation, message in reversed(teams.sent)
        if action == "createMessage" and conversation == teams.personal_id and LIST in json.dumps(message)
    )


def _texts(node: object) -> set[str]:
    if isinstance(node, str):
        return {node}
    if isinstance(node, dict):
        node = list(node.values())
    return set().union(*map(_texts, node)) if isinstance(node, list) else set()


def _told(messages: list[dict[str, Any]], subjects: set[str]) -> set[str]:
    """The subjects that stand in what was sent."""
    return {subject for text in _texts(messages) for subject in subjects if subject in text}
