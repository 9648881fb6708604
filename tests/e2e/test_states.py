"""What the pane shows when something is missing, slow, empty or refused; each failure ends in recovery."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.e2e.mailbox import Person
from tests.e2e.pane import card_of, open_demo, pane_frame, pane_of

LOOKUP = "**/api/v1/emails/lookup"
ACTIVITIES = "**/activities?*"


def problem(status: int, detail: str, title: str = "Not reachable right now") -> dict[str, Any]:
    """The arguments of an answer with problem details."""
    body = {"type": "urn:x", "title": title, "status": status, "detail": detail, "code": "x"}
    return {"status": status, "content_type": "application/problem+json", "body": json.dumps(body)}


def altered(change: Callable[[Any], Any]) -> Callable[[Route], None]:
    """A route that lets the server answer and changes the answer."""

    def handle(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json=change(answer.json()))

    return handle


def test_a_skeleton_stands_before_the_answer(context: BrowserContext, demo_url: str, alex: Person) -> None:
    message, _ = alex.untracked()
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    context.route(LOOKUP, hold)
    page = open_demo(context, demo_url, alex, message)
    expect(pane_of(page).get_by_role("status", name="Loading this email").first).to_be_visible()
    while not held:
        page.wait_for_timeout(20)
    assert pane_frame(page).evaluate("performance.getEntriesByName('liaison:useful').length") == 0
    held.pop().continue_()
    expect(pane_of(page).get_by_role("button", name="Track", exact=True)).to_be_visible()
    pane_frame(page).wait_for_function("performance.getEntriesByName('liaison:useful').length === 1")


def test_an_error_has_cause_and_action_and_stays(
    context: BrowserContext, demo_url: str, alex: Person
) -> None:
    message, _ = alex.untracked()
    context.route(LOOKUP, lambda route: route.fulfill(**problem(503, "The CRM does not answer · try again")))
    page = open_demo(context, demo_url, alex, message)
    alert = pane_of(page).get_by_role("alert")
    expect(alert).to_contain_text("The CRM does not answer")
    context.unroute(LOOKUP)
    alert.get_by_role("button", name="Try again").click()
    expect(pane_of(page).get_by_role("button", name="Track", exact=True)).to_be_visible()
    expect(alert).to_have_count(0)


def test_no_connection_is_told_in_plain_words(context: BrowserContext, demo_url: str, alex: Person) -> None:
    message, _ = alex.untracked()
    context.route(ACTIVITIES, lambda route: route.abort())
    page = open_demo(context, demo_url, alex, message)
    alert = pane_of(page).get_by_role("alert")
    expect(alert).to_contain_text("The server does not answer")
    context.unroute(ACTIVITIES)
    alert.get_by_role("button", name="Try again").click()
    expect(pane_of(page).locator(".entry").first).to_be_visible()


def test_a_pane_that_did_not_load_says_so(context: BrowserContext, demo_url: str) -> None:
    context.route("**/static/drawing.js", lambda route: route.abort())
    page = context.new_page()
    page.goto(f"{demo_url}/addin/pane")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("The pane did not load.")
    expect(page.locator(".skeleton").first).to_be_hidden()
    context.unroute("**/static/drawing.js")
    alert.get_by_role("link", name="Try again").click()
    expect(page.get_by_role("alert")).to_contain_text("Open this pane from Outlook")


def test_an_empty_timeline_says_so(context: BrowserContext, demo_url: str, alex: Person) -> None:
    message, email = alex.untracked()
    context.route(ACTIVITIES, altered(lambda page: page | {"items": [], "next": None}))
    page = open_demo(context, demo_url, alex, message)
    expect(pane_of(page).get_by_role("tabpanel")).to_contain_text(
        f"Nothing with {email['suggestions'][0]['record']['name']} in the last 30 days."
    )


def test_a_feature_that_is_off_is_a_plain_line(context: BrowserContext, demo_url: str, alex: Person) -> None:
    off = {"state": "off", "reason": "An admin has turned auto capture off."}
    context.route(
        "**/api/v1/me", altered(lambda me: me | {"features": me["features"] | {"auto_capture": off}})
    )
    page = open_demo(context, demo_url, alex)
    expect(pane_of(page).get_by_role("main")).to_contain_text("An admin has turned auto capture off.")
    expect(pane_of(page).get_by_role("alert")).to_have_count(0)


@pytest.mark.slow("opens the demo three times")
def test_with_capture_off_the_pane_says_so_and_still_who_wrote(
    context: BrowserContext, demo_url: str, alex: Person
) -> None:
    off = {"state": "off", "reason": "An admin has turned auto capture off."}
    context.route(
        "**/api/v1/me", altered(lambda me: me | {"features": me["features"] | {"auto_capture": off}})
    )
    refusal = problem(403, "Auto capture is off", "You may not do this")
    refusal["body"] = refusal["body"].replace('"code": "x"', '"code": "feature_off"')
    context.route(LOOKUP, lambda route: route.fulfill(**refusal))
    message, email = next(alex.known())
    page = open_demo(context, demo_url, alex, message)
    pane = pane_of(page)
    people = pane.get_by_role("region", name="People in this email")
    known = email["matched"][0]
    expect(people).to_contain_text(known["address"])
    expect(pane.get_by_role("main")).to_contain_text("An admin has turned auto capture off.")
    expect(pane.get_by_role("alert")).to_have_count(0)
    expect(pane.get_by_role("button", name="Track", exact=True)).to_have_count(0)
    own = alex.email.partition("@")[2]
    assert f"@{own}" not in (people.text_content() or "")
    away = problem(503, "The CRM does not answer")
    context.route("**/api/v1/records/lookup", lambda route: route.fulfill(**away))
    page.reload()
    expect(pane.get_by_role("alert")).to_contain_text("The CRM does not answer")
    context.unroute("**/api/v1/records/lookup")
    pane.get_by_role("button", name="Try again").click()
    expect(people).to_contain_text(known["address"])
    expect(pane.get_by_role("alert")).to_have_count(0)
    context.unroute(LOOKUP)
    context.unroute("**/api/v1/me")
    page.reload()
    expect(card_of(open_demo(context, demo_url, alex, message))).to_be_visible()


def test_a_mailbox_that_does_not_allow_it_says_why(
    context: BrowserContext, demo_url: str, alex: Person
) -> None:
    message, _ = alex.untracked()

    def forbid(email: Any) -> Any:
        email["item"]["may"] = []
        return email | {"notice": "Your mailbox is not approved yet."}

    context.route(LOOKUP, altered(forbid))
    page = open_demo(context, demo_url, alex, message)
    card = card_of(page)
    expect(card).to_contain_text("Your mailbox is not approved yet.")
    expect(card.get_by_role("button", name="Track", exact=True)).to_have_count(0)


def test_an_answer_for_an_earlier_item_is_dropped(
    context: BrowserContext, demo_url: str, alex: Person
) -> None:
    (first, _), (second, email) = alex.untracked(), alex.untracked()
    held: list[Route] = []

    def hold_first(route: Route) -> None:
        if first["internet_message_id"] in json.loads(route.request.post_data or "{}").values():
            held.append(route)
        else:
            route.continue_()

    context.route(LOOKUP, hold_first)
    page = open_demo(context, demo_url, alex, first)
    while not held:
        page.wait_for_timeout(20)
    open_mail(page, second)
    card = card_of(page)
    expect(card.get_by_role("radio").first).to_be_visible()
    answer = alex.look_up(first)
    answer["suggestions"][0]["record"]["name"] = "The earlier email's record"
    held[0].fulfill(json=answer)
    page.wait_for_timeout(300)
    expect(pane_of(page).get_by_text("The earlier email's record")).to_have_count(0)
    expect(card).to_contain_text(email["suggestions"][0]["record"]["name"])


def open_mail(page: Page, message: dict[str, Any]) -> None:
    """Choose a mail as the mail client would, wherever it stands in the list."""
    page.evaluate(
        """async ([id, path]) => {
            const { hash } = location;
            const frame = document.querySelector('iframe[title="Liaison pane"]');
            const message = JSON.parse(path);
            const person = (address) => ({ emailAddress: address, displayName: address });
            const item = { itemType: "message", internetMessageId: message.internet_message_id, subject: id,
                           from: person(message.from), to: [], cc: [] };
            frame.contentWindow.postMessage({ office: "item", item }, location.origin);
            return hash;
        }""",
        [message["subject"], json.dumps(message)],
    )


def test_no_item_is_no_error(context: BrowserContext, demo_url: str, alex: Person) -> None:
    message, _ = alex.untracked()
    page = open_demo(context, demo_url, alex, message)
    pane = pane_of(page)
    expect(pane.get_by_role("button", name="Track", exact=True)).to_be_visible()
    page.evaluate(
        """document.querySelector('iframe[title="Liaison pane"]')
             .contentWindow.postMessage({ office: "item", item: null }, location.origin)"""
    )
    expect(pane.get_by_role("main")).to_contain_text("Select an email")
    expect(pane.get_by_role("button", name="Track", exact=True)).to_have_count(0)
    open_mail(page, message)
    expect(pane.get_by_role("button", name="Track", exact=True)).to_be_visible()


def test_hostile_words_are_only_words(context: BrowserContext, demo_url: str, alex: Person) -> None:
    message, _ = alex.untracked()
    hostile = "<img src=x onerror=\"document.title='taken'\"><script>1</script> {{7*7}}"

    def poison(email: Any) -> Any:
        email["item"]["subject"] = email["item"]["why"] = hostile
        email["suggestions"][0]["record"]["name"] = hostile
        return email | {"unknown": [hostile], "offer": hostile}

    context.route(LOOKUP, altered(poison))
    context.route(
        ACTIVITIES,
        altered(
            lambda page: page | {"items": [i | {"subject": hostile, "why": hostile} for i in page["items"]]}
        ),
    )
    page = open_demo(context, demo_url, alex, message)
    pane = pane_of(page)
    expect(pane.locator(".entry .subject").first).to_have_text(hostile)
    expect(pane.get_by_role("radio", name=hostile, exact=False).first).to_be_visible()
    assert pane_frame(page).evaluate("document.querySelectorAll('#pane img, #pane script').length") == 0
    assert pane_frame(page).evaluate("document.title") == "Liaison"


def test_the_preference_hides_and_shows_private_mail(
    context: BrowserContext, demo_url: str, alex: Person
) -> None:
    message, _ = alex.untracked()
    page = open_demo(context, demo_url, alex, message)
    pane = pane_of(page)
    expect(pane.locator(".entry.untracked").first).to_be_visible()
    pane.get_by_role("button", name="Preferences").click()
    switch = pane.get_by_role("switch", name="Show email not tracked in the activities list")
    switch.uncheck()
    expect(pane.locator("#announcer")).to_have_text("Saved")
    pane.get_by_role("button", name="Back").click()
    expect(pane.locator(".entry.untracked")).to_have_count(0)
    pane.get_by_role("button", name="Show it").click()
    expect(pane.locator(".entry.untracked").first).to_be_visible()


def test_an_unknown_sender_becomes_a_contact(context: BrowserContext, demo_url: str, alex: Person) -> None:
    message = next(message for message in alex.messages() if alex.look_up(message)["unknown"])
    address = alex.look_up(message)["unknown"][0]
    page = open_demo(context, demo_url, alex, message)
    pane = pane_of(page)
    pane.get_by_role("button", name=f"Add {address} to the CRM").click()
    form = pane.get_by_role("form", name=f"Add {address} to the CRM")
    expect(form.get_by_label("Email")).to_have_value(address)
    last_name = form.get_by_label("Last name")
    expect(last_name).not_to_have_value("")
    last_name.fill("Newcomer")
    form.get_by_role("button", name="Save").click()
    expect(pane.get_by_role("region", name="People in this email")).to_contain_text("Newcomer")
    assert address not in alex.look_up(message)["unknown"]


def test_without_sign_in_the_pane_says_what_to_do(context: BrowserContext, plain_url: str) -> None:
    page = context.new_page()
    page.goto(f"{plain_url}/addin/pane")
    line = page.get_by_role("status").filter(has_text="Sign-in is not set up")
    expect(line).to_be_visible()
    link = line.get_by_role("link")
    assert page.request.get(f"{plain_url}{link.get_attribute('href')}").ok


@pytest.mark.parametrize("path", ["/", "/demo"])
def test_the_pages_keep_nothing(context: BrowserContext, demo_url: str, alex: Person, path: str) -> None:
    page = open_demo(context, demo_url, alex) if path == "/demo" else context.new_page()
    if path == "/":
        page.goto(demo_url)
        page.get_by_role("link", name="Open the demo mailbox").click()
    expect(pane_of(page).get_by_role("main")).to_be_visible()
    expect(pane_of(page).locator(".entry").first).to_be_visible()
    assert context.cookies() == []
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0


def test_the_pane_recovers_by_itself_when_the_server_is_back(
    context: BrowserContext, demo_url: str, alex: Person
) -> None:
    message, _ = alex.untracked()
    context.route(LOOKUP, lambda route: route.abort())
    page = open_demo(context, demo_url, alex, message)
    expect(pane_of(page).get_by_role("alert")).to_contain_text("The server does not answer")
    expect(pane_of(page).get_by_role("heading", name="Timeline")).to_have_count(0)
    context.unroute(LOOKUP)
    look_again(page)
    expect(pane_of(page).get_by_role("button", name="Track", exact=True)).to_be_visible()
    expect(pane_of(page).locator(".entry").first).to_be_visible()
    expect(pane_of(page).get_by_role("alert")).to_have_count(0)


def test_a_change_that_found_no_server_is_told_until_it_is_back(
    context: BrowserContext, demo_url: str, alex: Person
) -> None:
    message, _ = alex.untracked()
    context.route("**/track", lambda route: route.abort())
    page = open_demo(context, demo_url, alex, message)
    card = card_of(page)
    card.get_by_role("button", name="Track", exact=True).click()
    expect(card.get_by_role("alert")).to_contain_text("The server does not answer")
    look_again(page)
    expect(card.get_by_role("alert")).to_have_count(0)
    expect(card.get_by_role("button", name="Track", exact=True)).to_be_visible()


def look_again(page: Page) -> None:
    """What the pane takes for the moment at which it becomes visible again."""
    pane_frame(page).evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_another_mail_takes_the_timeline_away_at_once(
    context: BrowserContext, demo_url: str, alex: Person
) -> None:
    (first, _), (second, _) = alex.untracked(), alex.untracked()
    page = open_demo(context, demo_url, alex, first)
    entries = pane_of(page).locator(".entry")
    expect(entries.first).to_be_visible()
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    context.route(LOOKUP, hold)
    open_mail(page, second)
    while not held:
        page.wait_for_timeout(20)
    expect(entries).to_have_count(0)
    held.pop().abort()
    expect(pane_of(page).get_by_role("alert")).to_contain_text("The server does not answer")
    expect(entries).to_have_count(0)


def test_a_phone_call_is_no_sent_email(context: BrowserContext, demo_url: str, alex: Person) -> None:
    message, _ = alex.untracked()
    call = {"kind": "phonecall", "direction": "outgoing", "state": None, "to": ["Ana"], "may": []}
    context.route(ACTIVITIES, altered(lambda page: page | {"items": [page["items"][0] | call]}))
    page = open_demo(context, demo_url, alex, message)
    expect(pane_of(page).locator(".entry .symbol")).to_have_attribute("title", "Phone call")


@pytest.mark.slow("tracks, links and opens the demo again")
def test_a_link_is_told_and_stays(context: BrowserContext, demo_url: str, alex: Person) -> None:
    message, email = alex.untracked()
    other = email["suggestions"][-1]["record"]
    page = open_demo(context, demo_url, alex, message)
    card = card_of(page)
    card.get_by_role("button", name="Track", exact=True).click()
    expect(card).to_contain_text("by you")
    card.get_by_role("button", name="Link to another record").click()
    page.keyboard.type(other["name"])
    card.get_by_role("search").get_by_role("button", name=other["name"]).first.click()
    expect(pane_of(page).locator("#announcer")).to_have_text(f"Also linked to {other['name']}")
    expect(card).to_contain_text("Also with")
    page.reload()
    also = card.get_by_role("definition").last
    expect(also).to_have_text(other["name"])
    also.get_by_role("button").click()
    expect(pane_of(page).get_by_role("tab", selected=True)).to_contain_text(other["name"])


def tracked_by(user: dict[str, str], may: list[str]) -> Callable[[Any], Any]:
    """The change of an answer about an email to one that this user has tracked."""
    by = user | {"at": "2026-03-14T11:47:00+00:00"}
    change = {"state": "tracked", "private": False, "tracked_by": by, "may": may}
    return lambda email: email | {"item": email["item"] | change}


def test_a_namesake_is_somebody_else(context: BrowserContext, demo_url: str, alex: Person) -> None:
    message, _ = alex.untracked()
    namesake = {"id": "another", "name": alex.name}
    context.route(LOOKUP, altered(tracked_by(namesake, ["regard", "link"])))
    page = open_demo(context, demo_url, alex, message)
    expect(card_of(page)).to_contain_text(f"Already tracked by {alex.name}")
    expect(card_of(page).get_by_role("button", name="Untrack")).to_have_count(0)


def test_untracking_ones_own_part_says_whose_it_is_now(
    context: BrowserContext, demo_url: str, alex: Person, adele: Person
) -> None:
    message, _ = alex.untracked()
    mine = tracked_by({"id": alex.id, "name": alex.name}, ["untrack", "regard", "link"])
    theirs = tracked_by({"id": adele.id, "name": adele.name}, ["regard", "link"])
    context.route(LOOKUP, altered(mine))
    page = open_demo(context, demo_url, alex, message)
    card = card_of(page)
    expect(card).to_contain_text("Tracked by you")
    answer = theirs(alex.look_up(message))["item"]
    context.route("**/untrack", lambda route: route.fulfill(json=answer))
    context.unroute(LOOKUP)
    context.route(LOOKUP, altered(theirs))
    card.get_by_role("button", name="Untrack").click()
    card.get_by_role("group").get_by_role("button", name="Untrack").click()
    expect(card).to_contain_text(f"Already tracked by {adele.name}")
    expect(card.get_by_role("button", name="Untrack")).to_have_count(0)


def test_where_nothing_matches_the_person_or_a_record_comes_first(
    context: BrowserContext, demo_url: str, alex: Person
) -> None:
    message = next(m for m in alex.messages() if not alex.look_up(m)["suggestions"])
    address = "new@customer.example"
    unknown = [address]
    context.route(
        LOOKUP, altered(lambda email: email | {"suggestions": [], "matched": [], "unknown": unknown})
    )
    page = open_demo(context, demo_url, alex, message)
    pane, card = pane_of(page), card_of(page)
    track = card.get_by_role("button", name="Track", exact=True)
    primary = pane.locator("fluent-button[appearance=primary]")
    expect(primary).to_have_accessible_name(f"Add {address} to the CRM")
    expect(track).to_be_visible()

    unknown.clear()
    look_again(page)
    expect(primary).to_have_text("Choose a record")
    primary.click()
    page.keyboard.type("a")
    card.get_by_role("search").get_by_role("listitem").first.get_by_role("button").click()
    expect(card.get_by_role("radio").first).to_be_checked()
    expect(primary).to_have_text("Track")


def test_the_timeline_stands_under_headings_of_time(
    context: BrowserContext, demo_url: str, alex: Person
) -> None:
    message, _ = alex.untracked()
    now = datetime.now(UTC).astimezone()
    ages = {"Upcoming": timedelta(days=-2), "Yesterday": timedelta(days=1), "Last 7 days": timedelta(days=4)}

    def spread(page: Any) -> Any:
        items = [
            page["items"][0] | {"id": name, "subject": name, "at": (now - age).isoformat()}
            for name, age in ages.items()
        ]
        old = page["items"][0] | {"id": "old", "subject": "March 2024", "at": "2024-03-14T12:00:00+00:00"}
        return page | {"items": [*items, old], "next": None}

    context.route(ACTIVITIES, altered(spread))
    page = open_demo(context, demo_url, alex, message)
    periods = pane_of(page).locator(".period")
    expect(periods.get_by_role("heading")).to_have_text([*ages, "March 2024"])
    for name in (*ages, "March 2024"):
        expect(periods.filter(has_text=name).locator(".entry .subject")).to_have_text(name)


def test_a_colleague_without_a_copy_is_told_so(
    context: BrowserContext, demo_url: str, alex: Person, adele: Person
) -> None:
    copies = {message["id"] for message in adele.messages()}
    message = next(message for message in alex.messages() if message["id"] not in copies)
    page = open_demo(context, demo_url, alex, message)
    expect(page.get_by_role("heading", name=message["subject"]).first).to_be_visible()
    page.get_by_role("combobox", name="Mailbox of").select_option(adele.id)
    line = page.get_by_role("status").filter(has_text=f"{adele.name} has no copy of this email")
    expect(line).to_contain_text("Choose another email, or go back.")
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(pane_of(page).get_by_role("main")).to_contain_text("Select an email")
    line.get_by_role("button", name=f"Back to {alex.name}").click()
    expect(page.get_by_role("heading", name=message["subject"]).first).to_be_visible()
    expect(line).to_have_count(0)


def test_the_demo_says_while_the_server_is_away(context: BrowserContext, demo_url: str, alex: Person) -> None:
    first, _ = alex.untracked()
    context.clock.install()
    page = open_demo(context, demo_url, alex, first)
    bodies = "**/demo/api/messages/*"
    expect(page.get_by_role("heading", name=first["subject"]).first).to_be_visible()
    for path in ("**/healthz", bodies):
        context.route(path, lambda route: route.abort())
    context.clock.fast_forward(5_000)  # it looks that often
    line = page.get_by_role("status").filter(has_text="The server does not answer")
    expect(line).to_contain_text("goes on by itself once it is back")
    page.get_by_role("navigation").get_by_role("button").first.click()
    expect(page.get_by_role("alert")).to_have_count(0)
    for path in ("**/healthz", bodies):
        context.unroute(path)
    context.clock.fast_forward(1_500)
    expect(line).to_have_count(0)
    expect(page.frame_locator('iframe[title="Text of the email"]').locator("body")).not_to_be_empty()
