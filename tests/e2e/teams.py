"""Teams as teams-js (npm) knows it: a page of its own that frames the tab and answers by `postMessage`."""

import json
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Frame, Page, Route

TEAMS_JS = Path(__file__).parents[2] / "node_modules/@microsoft/teams-js/dist/umd/MicrosoftTeams.min.js"
TEAMS = "https://teams.microsoft.com/"

# The names of requests are those that teams-js sends; `told` keeps them all.
HOST = """<!doctype html><title>Teams</title>
<iframe title="Records" src="%(src)s" width="1000" height="700"></iframe>
<script>
  const settings = %(settings)s;
  const frame = document.querySelector("iframe");
  window.told = [];
  const answers = {
    initialize: () => ["content", "web", JSON.stringify({apiVersion: 4, supports: {}}), "2.58.0"],
    getContext: () => [{theme: settings.theme, hostClientType: "web", entityId: "records", locale: "en-us"}],
    "authentication.getAuthToken": () => settings.token ? [true, settings.token] : [false, "CancelledByUser"],
  };
  window.say = (func, args) => frame.contentWindow.postMessage({func, args}, "*");
  addEventListener("message", ({data, source, origin}) => {
    if (source !== frame.contentWindow || !data.func) return;
    told.push(data.func);
    if (settings.isMute) return;
    const args = answers[data.func]?.();
    if (args) source.postMessage({id: data.id, uuidAsString: data.uuidAsString, args}, origin);
  });
</script>"""


def serve_teams_js(context: BrowserContext) -> None:
    """Microsoft's script in place of the demo's stand-in."""
    context.route("**/static/demo/teams.js", lambda route: route.fulfill(path=TEAMS_JS))


def open_in_teams(context: BrowserContext, src: str, **settings: Any) -> tuple[Page, Frame]:
    """Teams with the tab: its page and the tab's frame. Settings: token, theme, isMute."""
    serve_teams_js(context)
    # Teams is a public site and the tab on this machine: browsers ask the user before they mix the two.
    context.grant_permissions(["local-network-access"], origin=TEAMS)
    page = context.new_page()

    def send(route: Route) -> None:
        route.fulfill(content_type="text/html", body=HOST % {"src": src, "settings": json.dumps(settings)})

    page.route(f"{TEAMS}**", send)
    page.goto(TEAMS)
    frame = page.query_selector("iframe")
    tab = frame.content_frame() if frame else None
    assert tab
    return page, tab
