"""The main job, as a seller does it: choose a mail, *Track*, see it tracked; a colleague sees it too."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage

from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.e2e.mailbox import Person
from tests.e2e.pane import card_of, hear, open_demo, pane_frame, pane_of


def test_a_tracked_mail_is_seen_by_a_colleague(
    context: BrowserContext, demo_url: str, alex: Person, adele: Person
) -> None:
    message, email = alex.untracked(held_by=adele)
    record = email["suggestions"][0]["record"]
    page = open_demo(context, demo_url, alex, message)
    card = card_of(page)
    expect(card.get_by_role("radio", name=record["name"]).first).to_be_checked()
    expect(card).to_contain_text(re.compile(r"\d+ (people|person) will be able to see this email"))

    heard = hear(page)
    card.get_by_role("button", name="Track", exact=True).click()
    expect(card).to_contain_text("Tracked by you")
    assert "Tracking pending" in heard()
    expect(card.get_by_role("definition").get_by_role("button", name=record["name"])).to_be_visible()

    page.get_by_role("combobox", name="Mailbox of").select_option(adele.id)
    expect(page.get_by_role("heading", name=message["subject"])).to_be_visible()
    expect(card).to_contain_text(f"Already tracked by {alex.name}")
    expect(card.get_by_role("definition").get_by_role("button", name=record["name"])).to_be_visible()
    expect(card.get_by_role("button", name="Track", exact=True)).to_have_count(0)
    of_record = [
        item for item in adele.activities(record["table"], record["id"]) if item["id"] == message["id"]
    ]
    assert [(item["state"], item["private"]) for item in of_record] == [("tracked", False)]


def test_each_attachment_is_chosen_and_has_its_own_outcome(
    context: BrowserContext, demo_url: str, alex: Person, deliver: Callable[..., None]
) -> None:
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = alex.correspondent(), alex.email, "Three files"
    letter["Date"], letter["Message-ID"] = datetime.now(UTC), "<three-files@customer.example>"
    letter.set_content("See the files.")
    for name in ("offer.txt", "plan.txt", "draft.txt"):
        letter.add_attachment(f"This is {name}".encode(), maintype="text", subtype="plain", filename=name)
    deliver(letter, alex.email)

    page = open_demo(context, demo_url, alex)
    page.get_by_role("button", name="Three files").click()
    card = card_of(page)
    card.get_by_role("checkbox", name="draft.txt").uncheck()
    card.get_by_role("button", name="Track", exact=True).click()
    expect(card).to_contain_text("Tracked by you")
    for name, outcome in {"offer.txt": "Tracked", "plan.txt": "Tracked", "draft.txt": "Left out"}.items():
        expect(card.get_by_role("listitem").filter(has_text=name)).to_contain_text(outcome)
    files = alex.look_up({"internet_message_id": letter["Message-ID"]})["item"]["attachments"]
    assert {file["name"]: file["state"] for file in files} == {
        "offer.txt": "tracked",
        "plan.txt": "tracked",
        "draft.txt": "untracked",
    }


def test_the_whole_conversation_is_listed_before_it_is_tracked(
    context: BrowserContext, demo_url: str, alex: Person
) -> None:
    message, email = alex.untracked()
    while email["conversation"] < 2:
        message, email = alex.untracked()
    page = open_demo(context, demo_url, alex, message)
    card = card_of(page)
    listed = card.get_by_role("list", name="Emails of the conversation that are tracked with it")
    whole = card.get_by_role("checkbox", name=re.compile("Track the whole conversation"))
    expect(whole).to_be_visible()
    expect(listed).to_have_count(0)
    whole.check()
    told = [(each["subject"], datetime.fromisoformat(each["at"])) for each in email["thread"]]
    expect(listed.get_by_role("listitem")).to_have_count(email["conversation"])
    assert listed.locator("bdi").all_inner_texts() == [subject for subject, _ in told]
    times = [each.get_attribute("datetime") or "" for each in listed.locator("time").all()]
    assert [datetime.fromisoformat(time) for time in times] == [at for _, at in told]
    whole.uncheck()
    expect(listed).to_have_count(0)


def test_tracking_needs_no_mouse(context: BrowserContext, demo_url: str, alex: Person) -> None:
    message, _ = alex.untracked()
    page = open_demo(context, demo_url, alex, message)
    pane = pane_of(page)
    expect(pane.get_by_role("button", name="Track", exact=True)).to_be_visible()
    pane.get_by_role("button", name="Preferences").focus()

    _tab_to(page, "Without regarding")
    page.keyboard.press("Space")
    expect(pane.get_by_role("radio", name="Without regarding")).to_be_checked()
    _tab_to(page, "Track")
    assert pane_frame(page).evaluate("document.activeElement.matches(':focus-visible')")
    heard = hear(page)
    page.keyboard.press("Enter")
    expect(pane.locator("#announcer")).to_have_text(re.compile("Tracked by you"))
    assert "Tracking pending" in heard()
    assert pane_frame(page).evaluate("document.activeElement.dataset.home") == "track"


def _tab_to(page: Page, name: str) -> None:
    """Press Tab (and arrows inside a group of radio buttons) until the control of that name has the focus."""
    focused = "(document.activeElement.labels?.[0] ?? document.activeElement).textContent.trim()"
    for _ in range(60):
        if pane_frame(page).evaluate(focused) == name:
            return
        in_group = pane_frame(page).evaluate("document.activeElement.type === 'radio'")
        page.keyboard.press("ArrowDown" if in_group and name == "Without regarding" else "Tab")
    raise AssertionError(f"no control named {name} can be reached by keyboard")


def test_untrack_asks_once_and_makes_it_private_again(
    context: BrowserContext, demo_url: str, alex: Person
) -> None:
    message, _ = alex.untracked()
    page = open_demo(context, demo_url, alex, message)
    card = card_of(page)
    card.get_by_role("button", name="Track", exact=True).click()
    untrack, question = card.get_by_role("button", name="Untrack"), card.get_by_role("group")
    for decline in ("Escape", "Enter"):
        untrack.press("Enter")
        expect(question).to_contain_text("Take this email out of the CRM?")
        expect(question.get_by_role("button", name="Keep it")).to_be_focused()
        page.keyboard.press(decline)
        expect(question).to_have_count(0)
        expect(untrack).to_be_focused()
    assert alex.look_up(message)["item"]["state"] == "tracked"

    untrack.press("Enter")
    question.get_by_role("button", name="Untrack").press("Enter")
    expect(card).to_contain_text("Private: only you see this email")
    expect(pane_of(page).locator("#announcer")).to_have_text("Private: only you see this email")
    assert alex.look_up(message)["item"]["state"] == "untracked"


def test_regarding_can_be_any_record_and_be_changed(
    context: BrowserContext, demo_url: str, alex: Person
) -> None:
    message, email = alex.untracked()
    other = email["suggestions"][-1]["record"]
    page = open_demo(context, demo_url, alex, message)
    card = card_of(page)
    card.get_by_role("radio", name="Without regarding").check()
    card.get_by_role("button", name="Track", exact=True).click()
    expect(card).to_contain_text("Tracked by you")

    card.get_by_role("button", name="Change regarding").click()
    page.keyboard.type(other["name"])
    card.get_by_role("search").get_by_role("button", name=other["name"]).first.click()
    expect(card.get_by_role("definition")).to_have_text(other["name"])


def test_a_timeline_entry_is_tracked_to_the_record_looked_at(
    context: BrowserContext, demo_url: str, alex: Person
) -> None:
    message, email = alex.untracked_in_timeline()
    record = email["suggestions"][0]["record"]
    page = open_demo(context, demo_url, alex, message)
    entry = pane_of(page).locator(".entry[aria-current]")
    expect(entry).to_contain_text("Private")
    expect(entry.locator(".why")).not_to_be_empty()
    entry.get_by_role("button", name=f"Track: {message['subject']}").click()
    expect(entry).to_contain_text("Tracked by you")
    expect(entry.get_by_text(f"Regarding {record['name']}")).to_have_count(0)
    expect(entry.get_by_text("Private")).to_have_count(0)


def test_a_failure_stays_with_its_cause_until_retried(
    context: BrowserContext, demo_url: str, alex: Person
) -> None:
    message, _ = alex.untracked()
    page = open_demo(context, demo_url, alex, message)
    card = card_of(page)
    card.get_by_role("button", name="Track", exact=True).wait_for()
    failing = True

    def fail(route: Route) -> None:
        answer = route.fetch()
        email = answer.json()
        if failing:
            cause = {"cause": "the CRM did not answer", "action": "Retry in a few minutes."}
            email["item"] |= {"state": "failed", "failure": cause, "may": ["retry"], "tracked_by": None}
        route.fulfill(response=answer, json=email)

    def recover(route: Route) -> None:
        nonlocal failing
        failing = False
        route.continue_()

    page.route("**/api/v1/emails/lookup", fail)
    page.route("**/api/v1/emails/*/retry", recover)
    card.get_by_role("button", name="Track", exact=True).click()
    expect(card).to_contain_text("Not tracked: the CRM did not answer")
    expect(card).to_contain_text("Retry in a few minutes.")
    card.get_by_role("button", name="Retry").click()
    expect(card).to_contain_text("Tracked by you")


def test_a_delegate_tracks_from_a_mailbox_that_is_shared(
    context: BrowserContext,
    demo_url: str,
    alex: Person,
    people: dict[str, Person],
    deliver: Callable[..., None],
) -> None:
    isaiah = people["Isaiah"]
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = alex.correspondent(), isaiah.email, "While you are away"
    letter["Date"], letter["Message-ID"] = datetime.now(UTC), "<away@customer.example>"
    letter.set_content("Could somebody call me back?")
    deliver(letter, isaiah.email)

    page = open_demo(context, demo_url, alex)
    page.get_by_role("combobox", name="Mail", exact=True).select_option(label=f"{isaiah.name}, shared")
    page.get_by_role("button", name="While you are away").click()
    card = card_of(page)
    expect(card).to_contain_text(f"Private: only who reads the mailbox of {isaiah.name} sees this email")
    expect(card).to_contain_text(f"You track it on behalf of {isaiah.name}.")
    card.get_by_role("button", name="Track", exact=True).click()
    expect(card).to_contain_text("Tracked by you")
    assert (
        isaiah.look_up({"internet_message_id": letter["Message-ID"]})["item"]["tracked_by"]["name"]
        == alex.name
    )

    page.reload()
    expect(page.get_by_role("combobox", name="Mail", exact=True)).to_contain_text(f"{isaiah.name}, shared")
    expect(card_of(page)).to_contain_text("Tracked by you")
