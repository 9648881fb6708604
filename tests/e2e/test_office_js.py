"""Microsoft's real Office.js (from npm) as the script that supplies `Office`."""

import json
from pathlib import Path

from playwright.sync_api import BrowserContext, Route, expect

OFFICE_JS = Path(__file__).parents[2] / "node_modules/@microsoft/office-js/dist"
CDN = "https://appsforoffice.microsoft.com/lib/1/hosted/"


def serve_office(context: BrowserContext) -> None:
    """Microsoft's address, answered from the npm package; the pane is told to load it."""

    def send(route: Route) -> None:
        path = OFFICE_JS / route.request.url.removeprefix(CDN).split("?")[0]
        route.fulfill(path=path) if path.is_file() else route.fulfill(status=404)

    def name_it(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(
            response=answer, body=answer.text().replace("/static/demo/office.js", f"{CDN}office.js")
        )

    context.route(f"{CDN}**", send)
    context.route("**/addin/pane*", name_it)


def test_outside_outlook_the_pane_says_where_it_belongs(context: BrowserContext, demo_url: str) -> None:
    serve_office(context)
    page = context.new_page()
    page.goto(f"{demo_url}/addin/pane")
    expect(page.get_by_role("alert")).to_contain_text("Open this pane from Outlook")
    assert page.evaluate("typeof Office.onReady") == "function"


def test_a_blocked_office_js_is_told_and_can_be_tried_again(context: BrowserContext, demo_url: str) -> None:
    serve_office(context)
    context.route(f"{CDN}**", lambda route: route.abort())
    page = context.new_page()
    page.goto(f"{demo_url}/addin/pane")
    expect(page.get_by_role("alert")).to_contain_text("did not load")
    context.unroute(f"{CDN}**")
    serve_office(context)
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("alert")).to_contain_text("Open this pane from Outlook")


def test_our_stand_in_has_the_names_of_the_real_one(context: BrowserContext, demo_url: str) -> None:
    serve_office(context)
    page = context.new_page()
    page.goto(f"{demo_url}/addin/pane?_host_Info=Outlook$Web$16.01$en-US$telemetry$isDialog$$0")
    names = "({ event: Office.EventType?.ItemChanged, host: Office.HostType?.Outlook })"
    page.wait_for_function("window.Office?.EventType?.ItemChanged")
    real = page.evaluate(names)
    context.unroute("**/addin/pane*")
    page.goto(f"{demo_url}/addin/pane")
    page.wait_for_function("window.Office?.EventType?.ItemChanged")
    assert json.dumps(page.evaluate(names)) == json.dumps(real)
