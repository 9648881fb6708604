"""The HTML pages. No page sets a cookie; tokens never stand in a URL."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

from addin.headers import EMBEDDED, TALKING
from addin.http import Visit
from addin.language import words_of
from insights.links import application_id_uri
from insights.settings import Settings

if TYPE_CHECKING:  # the first page pays for it, not the start
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"
OFFICE_JS = "https://appsforoffice.microsoft.com/lib/1/hosted/office.js"
TEAMS_JS = "/static/vendor/@microsoft/teams-js/dist/umd/MicrosoftTeams.min.js"

# Who may show a page in a frame: Outlook and Teams, on the web and in their desktop shells.
HOSTS = (
    "https://*.office.com https://*.office365.com https://*.outlook.com https://*.live.com "
    "https://*.microsoft.com https://*.cloud.microsoft https://*.office365.us https://*.microsoft.us"
)


@dataclass(frozen=True, slots=True)
class Page:
    """A template and what its policy allows: frames around it, scripts and styles beside our own.

    `talks`: with windows of Office or Teams, which show the page or have opened it.
    """

    template: str
    framed_by: str = "'none'"
    scripts: str = ""
    styles: str = ""
    asks_entra: bool = False
    talks: bool = False

    def policy(self, entra: "SignInFacts | None") -> str:
        """The Content-Security-Policy; no page has a script or style of its own."""
        connect = f"connect-src 'self' {entra.origin}" if entra and self.asks_entra else "connect-src 'self'"
        return "; ".join(
            (
                "default-src 'none'",
                f"script-src 'self' {self.scripts}".rstrip(),
                f"style-src 'self' {self.styles}".rstrip(),
                "img-src 'self' data:",
                "font-src 'self'",
                connect,
                "frame-src 'self'",
                "base-uri 'none'",
                "form-action 'none'",
                f"frame-ancestors {self.framed_by}",
            )
        )


HOME = Page("home.html")
ERROR = Page("error.html", framed_by=f"'self' {HOSTS}", talks=True)
PANE = Page(
    "pane.html", framed_by=f"'self' {HOSTS}", scripts="https://appsforoffice.microsoft.com", talks=True
)
# teams-js would fetch a list of Teams' hosts from a CDN; kept from it, it uses the one it brings along.
TAB = Page("tab.html", framed_by=f"'self' {HOSTS}", talks=True)
# In the dialog one goes to Entra and back; Office.js or teams-js hands the token to the page that opened it.
SIGN_IN = Page("sign-in.html", scripts="https://appsforoffice.microsoft.com", asks_entra=True, talks=True)
# Mails carry style attributes; the reader shows them in a frame without scripts.
DEMO = Page("demo.html", styles="'unsafe-inline'")


@dataclass(frozen=True, slots=True)
class SignInFacts:
    """What the pages must know to sign people in with Entra; none of it is secret."""

    authority: str
    client_id: str
    scope: str
    """The scope of our API, as the registration exposes it."""

    @property
    def origin(self) -> str:
        """Where Entra is, for the policy of the page that asks it."""
        return "/".join(self.authority.split("/")[:3])


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the pages are told about where they run; decided once, in app.py.

    `office` is the script that supplies the mail client's `Office` object, `teams` the one that supplies
    Teams' `microsoftTeams`, `can_sign_in` whether these clients can hand out tokens we accept, `has_demo`
    whether there is a demo to be shown, `entra` how people sign in with Entra, None where they don't.
    """

    office: str = OFFICE_JS
    teams: str = TEAMS_JS
    can_sign_in: bool = False
    has_demo: bool = False
    entra: SignInFacts | None = None


def read_surroundings(settings: Settings) -> Surroundings:
    """Where pages run outside the demo: people can sign in once Entra is set up."""
    if not settings.has_entra:
        return Surroundings()
    # Of several tenants nobody can say beforehand whose people come.
    tenant = settings.entra_tenants[0] if len(settings.entra_tenants) == 1 else "organizations"
    client_id, public_url = settings.entra_client_id, settings.public_url
    resource = application_id_uri(public_url, client_id) if public_url else f"api://{client_id}"
    facts = SignInFacts(f"{settings.entra_authority}/{tenant}", client_id, f"{resource}/access_as_user")
    return Surroundings(can_sign_in=True, entra=facts)


SURROUNDINGS = web.AppKey("surroundings", Surroundings)


async def show_home(visit: Visit) -> web.Response:
    """What is running, and where to go."""
    return _render(visit, HOME)


async def show_pane(visit: Visit) -> web.Response:
    """The pane beside the open mail."""
    return _render(visit, PANE)


async def show_tab(visit: Visit) -> web.Response:
    """The record search with timelines."""
    return _render(visit, TAB)


async def show_sign_in(visit: Visit) -> web.Response:
    """The dialog in which one signs in with Entra; nothing is here where that is not set up."""
    if visit.request.app[SURROUNDINGS].entra is None:
        raise web.HTTPNotFound
    return _render(visit, SIGN_IN)


async def show_record(visit: Visit, id: str) -> web.Response:  # noqa: A002
    """The same page for every record, so that nobody learns which there are."""
    return _render(visit, TAB)


async def show_demo(visit: Visit) -> web.Response:
    """A small mailbox reader that hosts the real pane."""
    return _render(visit, DEMO)


def show_problem(request: web.Request, *, status: int, title: str, detail: str) -> web.Response:
    """A failure as a page, for somebody who followed a link."""
    return fill_page(request, ERROR, {"status": status, "title": title, "detail": detail}, status)


def _render(visit: Visit, page: Page) -> web.Response:
    return fill_page(visit.request, page, {})


def fill_page(
    request: web.Request, page: Page, words: Mapping[str, object], status: int = 200
) -> web.Response:
    """A page with the words its template takes, in the language the browser wishes."""
    surroundings = request.app[SURROUNDINGS]
    t = words_of(request)
    template = _templates().get_template(page.template)
    text = template.render(surroundings=surroundings, language=t.language, dir=t.direction, t=t, **words)
    headers = {"Content-Security-Policy": page.policy(surroundings.entra)}
    if page.talks:
        headers |= {**EMBEDDED, **TALKING}
    return web.Response(text=text, status=status, content_type="text/html", charset="utf-8", headers=headers)


@cache
def _templates() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    return Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=select_autoescape(), undefined=StrictUndefined
    )
