"""The main job on Dataverse, Graph and Entra, as people do it: pane and Teams, one cloud, one server."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.e2e.conftest import LIAISON, run_server
from tests.e2e.outlook import Bridge, open_outlook, signed_in
from tests.e2e.pane import hear
from tests.e2e.playground import CARD, Teams, run_playground, write_config
from tests.flows.liaison import COMPANY, letter
from tests.ports import free_port
from tests.standins.cloud import Cloud, serving_cloud, uid
from tests.standins.entra import TENANT, Person

NEWS_MS = 60_000
"""A mailbox is asked for news every ten seconds, and told of by Graph within the same."""
pytestmark = pytest.mark.testdata
OpenPane = Callable[..., Page]


@dataclass
class Company:
    """The small company on the cloud, and the address of its Liaison."""

    cloud: Cloud
    loop: asyncio.AbstractEventLoop
    data: Path
    url: str

    def deliver(self, message: EmailMessage, *users: str) -> None:
        """Let a message arrive in mailboxes."""

        async def put() -> None:
            for user in users:
                self.cloud.graph.deliver(self.cloud.people[user].address, message.as_bytes())

        asyncio.run_coroutine_threadsafe(put(), self.loop).result(30)

    def run_due(self) -> None:
        """Do now what a server does by itself within a minute."""
        command = [LIAISON, "jobs", "run-due", "--data", str(self.data)]
        environment = os.environ | self.cloud.environment
        subprocess.run(command, env=environment, check=True, timeout=120, capture_output=True)

    def rows(self, table: str) -> list[Any]:
        """What is in the CRM."""
        return list(self.cloud.dataverse.organization.store.rows(table).values())

    def email(self, message: EmailMessage) -> Any:
        """The one row of a tracked message."""
        [row] = [row for row in self.rows("email") if row.get("messageid") == message["Message-ID"]]
        return row


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory, testdata: Path, browser: Browser) -> Iterator[Company]:
    """The company with auto capture on; its bot believes clients on this machine."""
    folder = tmp_path_factory.mktemp("cloud")
    data, port = folder / "var", free_port()
    data.mkdir()
    with serving_cloud(folder, testdata, COMPANY) as (cloud, loop):
        cloud.environment["LIAISON_PUBLIC_URL"] = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-m", "tests.standins.server"]
        for url in run_server(command, data, port, **cloud.environment):
            _turn_on(browser, url, cloud.token("root"))
            yield Company(cloud, loop, data, url)


def _turn_on(browser: Browser, url: str, token: str) -> None:
    with browser.new_context() as context:
        answer = context.request.put(
            f"{url}/api/v1/admin/features",
            headers={"Authorization": f"Bearer {token}"},
            data={"accept_terms": True, "features": {"auto_capture": "on"}},
        )
        assert answer.ok, answer.text()


@pytest.fixture
def open_pane(company: Company, browser: Browser) -> Iterator[OpenPane]:
    """Opens somebody's pane at a message, in a browser of their own that signs in by nested app auth."""
    with ExitStack() as stack:

        def open_at(user: str, message: EmailMessage, *, owner: str | None = None, **options: Any) -> Page:
            cloud, url = company.cloud, company.url
            context = stack.enter_context(open_outlook(browser, url, cloud.entra.authority, **options))
            person = cloud.people[user]
            Bridge(
                context,
                lambda asked: signed_in(cloud.entra, person, scope=asked["tokenParams"]["scope"]),
            )
            address = owner and cloud.people[owner].address
            mail = {"internetMessageId": message["Message-ID"], "owner": address}
            context.add_init_script(f"window.openMail = {json.dumps(mail)}")
            page = context.new_page()
            page.goto(f"{url}/addin/pane")
            return page

        yield open_at


def card_of(page: Page) -> Locator:
    return page.get_by_role("region", name="This email", exact=True)


def entry_of(page: Page, message: EmailMessage) -> Locator:
    return page.locator(".entry").filter(has_text=message["Subject"])


def track(page: Page) -> None:
    """Press *Track* and hear what is said until the email is tracked."""
    heard = hear(page)
    card_of(page).get_by_role("button", name="Track", exact=True).click()
    expect(card_of(page)).to_contain_text("Tracked by you")
    assert "Tracking pending" in heard()


def test_a_tracked_mail_is_in_dataverse_and_a_colleague_sees_it(
    company: Company, open_pane: OpenPane
) -> None:
    message = letter("offer", to="ann@ours.example, bob@ours.example", subject="Offer for two skids")
    message.add_attachment(b"a,b\n1,2\n", maintype="text", subtype="csv", filename="prices.csv")
    company.deliver(message, "ann", "bob")
    page = open_pane("ann", message)
    card = card_of(page)
    expect(card).to_contain_text("Private: only you see this email")
    expect(page.get_by_text("Contact · ana@fabrikam.example")).to_be_visible()
    card.get_by_role("radio", name="Fabrikam").first.check()
    expect(entry_of(page, message)).to_contain_text("from Ana Silva")
    track(page)
    expect(card.get_by_role("definition").get_by_role("button", name="Fabrikam")).to_be_visible()
    expect(card.get_by_role("listitem").filter(has_text="prices.csv")).to_contain_text("Tracked")

    colleague = open_pane("bob", message)
    theirs = card_of(colleague)
    expect(theirs).to_contain_text("Already tracked by Ann Beebe")
    expect(theirs.get_by_role("listitem").filter(has_text="prices.csv")).to_contain_text("Tracked")
    expect(theirs.get_by_role("button", name="Track", exact=True)).to_have_count(0)
    expect(entry_of(colleague, message)).to_contain_text("Already tracked by Ann Beebe")

    row = company.email(message)
    assert (row.get("statecode"), row.get("statuscode"), row.get("subject")) == (1, 4, message["Subject"])
    assert row.get("regardingobjectid").id == uid("fabrikam")
    parties = [party for party in company.rows("activityparty") if party.ref("activityid").id == row.id]
    assert {party.ref("partyid").id for party in parties} >= {uid("ana"), uid("ann"), uid("bob")}
    files = [file for file in company.rows("activitymimeattachment") if file.ref("objectid").id == row.id]
    assert [(file.get("filename"), file.get("filesize")) for file in files] == [("prices.csv", 8)]


def test_a_delegate_tracks_what_lies_in_a_shared_mailbox(company: Company, open_pane: OpenPane) -> None:
    message = letter("away", to="bob@ours.example", subject="While you are away")
    company.deliver(message, "bob")
    company.cloud.graph.share("bob@ours.example", "ann@ours.example")
    page = open_pane("ann", message, owner="bob")
    expect(card_of(page)).to_contain_text("Private: only who reads the mailbox of Bob Kahn sees this email")
    expect(card_of(page)).to_contain_text("You track it on behalf of Bob Kahn.")
    track(page)
    expect(card_of(open_pane("bob", message))).to_contain_text("Already tracked by Ann Beebe")
    assert company.email(message).get("statecode") == 1


def test_track_in_teams_changes_the_card_in_place(
    company: Company, teams_context: BrowserContext, ann_playground: str
) -> None:
    message = letter("third", subject="Terms for the third skid")
    company.deliver(message, "ann")
    teams = Teams(teams_context, ann_playground)
    row = teams.row(teams.show_untracked(), message["Subject"])
    cards, sent = teams.page.locator(CARD).count(), len(teams.sent)
    states = ["Tracking pending", "Tracked by Ann Beebe"]
    teams.note_first_sights(states)
    company.cloud.dataverse.faults.unavailable(times=None, method="POST", path="/emails")
    row.get_by_role("button", name="Track", exact=True).click()
    expect(row).to_contain_text(states[0])
    company.cloud.dataverse.faults.clear()
    expect(row).to_contain_text(states[-1])
    assert teams.seen() == states
    expect(row.get_by_role("button", name="Track", exact=True)).to_have_count(0)
    assert teams.page.locator(CARD).count() == cards
    assert {action for action, _, _ in teams.sent[sent:]} == {"updateMessage"}
    assert company.email(message).get("statecode") == 1


@pytest.mark.slow("news from Graph come when its notification is looked at")
def test_mail_that_arrives_shows_in_the_open_pane(company: Company, open_pane: OpenPane) -> None:
    message, news = letter("question", subject="A question"), letter("answer", subject="Never mind")
    company.deliver(message, "ann")
    page = open_pane("ann", message)
    expect(entry_of(page, message)).to_be_visible()
    company.run_due()
    notifications = company.cloud.graph.notifications
    told, opened_at = notifications.sent, page.evaluate("performance.timeOrigin")
    company.deliver(news, "ann")
    expect(entry_of(page, news)).to_contain_text("Private", timeout=NEWS_MS)
    assert page.evaluate("performance.timeOrigin") == opened_at
    assert (notifications.sent, notifications.lost) == (told + 1, 0)


@pytest.fixture(scope="module")
def ann_playground(company: Company, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of Ann's Agents Playground, which wants five others in its chats."""
    guests = [Person(uid(name), name, f"{name}@fabrikam.example") for name in ("Ana", "Lou", "Max")]
    people = [_user(person) for person in (*company.cloud.people.values(), *guests)]
    path = tmp_path_factory.mktemp("playground") / "ann.yml"
    write_config(path, people[0], people[1:], tenant_id=TENANT, bot={"id": "liaison", "name": "Test Bot"})
    with run_playground(f"{company.url}/api/messages", path, free_port()) as url:
        yield url


def _user(person: Person) -> dict[str, Any]:
    """Somebody as the Playground's file describes its users."""
    first, _, last = person.name.partition(" ")
    return {
        "id": f"29:{person.object_id}",
        "name": person.name,
        "userPrincipleName": person.address,
        "aadObjectId": person.object_id,
        "givenName": first,
        "surname": last,
        "email": person.address,
    }
