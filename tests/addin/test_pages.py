"""Pages and files: what guards them, and what is never handed out."""

import re
from pathlib import Path

import pytest
from yarl import URL

from addin import docs
from addin.files import STATIC, VENDOR
from tests.conftest import Client


async def test_pages_run_our_own_scripts_only_and_set_no_cookies(client: Client) -> None:
    for path in ("/", "/addin/pane", "/tab", "/t/account:1"):
        response = await client.get(path)
        text = await response.text()
        assert response.status == 200
        assert response.content_type == "text/html"
        assert "Set-Cookie" not in response.headers
        assert response.headers["Referrer-Policy"] == "no-referrer"
        policy = dict(part.split(" ", 1) for part in response.headers["Content-Security-Policy"].split("; "))
        assert policy["default-src"] == "'none'"
        assert "unsafe" not in policy["script-src"]
        assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|<style|\sstyle=", text), "nothing inline"
    assert "frame-ancestors 'self' https://*.office.com" in response.headers["Content-Security-Policy"]


async def imports(client: Client, script: str) -> set[str]:
    """The addresses of the modules that a script of ours loads by what stands in them, itself among them."""
    found, left = set(), {script}
    while left:
        found.add(address := left.pop())
        text = await (await client.get(address)).text()
        named = re.findall(r"""\b(?:from|import)\s*\(?\s*["'](\.[^"']+)["']""", text)
        left |= {str(URL(address).join(URL(name))) for name in named} - found
    return found


@pytest.mark.parametrize("path", ["/addin/pane", "/tab"])
async def test_a_page_names_at_once_all_modules_that_it_will_load(client: Client, path: str) -> None:
    text = await (await client.get(path)).text()
    script = re.findall(r'<script type="module" src="([^"]+)"></script>', text)[0]
    preloaded = re.findall(r'<link rel="modulepreload" href="([^"]+)">', text)
    assert sorted([script, *preloaded]) == sorted(await imports(client, script))


async def test_the_pane_says_that_sign_in_is_not_set_up(client: Client) -> None:
    text = await (await client.get("/addin/pane")).text()
    assert 'data-sign-in="missing"' in text
    assert "https://appsforoffice.microsoft.com" in text


async def test_everything_a_page_names_is_there(client: Client) -> None:
    for page in ("/", "/addin/pane", "/tab"):
        text = await (await client.get(page)).text()
        for path in set(re.findall(r'(?:href|src)="(/[^"]+)"', text)):
            response = await client.get(path)
            assert response.status in {200, 503}, f"{page} names {path}"


async def test_every_import_of_our_scripts_is_served(client: Client) -> None:
    for script in STATIC.rglob("*.js"):
        for target in re.findall(r'(?:from|import) "(\.[^"]+)"', script.read_text("utf-8")):
            path = (script.parent / target).resolve().relative_to(STATIC)
            assert (await client.get(f"/static/{path}")).status == 200, f"{script.name} imports {target}"


@pytest.mark.parametrize(
    "path",
    [
        "/static/../pages.py",
        "/static/%2e%2e/pages.py",
        "/static/..%2fpages.py",
        "/static/..%5cpages.py",
        "/static//etc/passwd",
        "/static/%00",
        "/static/views",
        "/static/vendor/lit-html/package.json",
        "/static/vendor/lit-html/../../package.json",
        "/static/vendor/lit-html/directives/../package.json",
        "/static/vendor/axe-core/axe.min.js",
        "/docs/../app.py",
        "/docs/..%2fREADME.md",
        "/docs/nothing.md",
        "/docs/pane.txt",
        "/demo",
        "/demo/api/users",
    ],
)
async def test_nothing_else_is_handed_out(client: Client, path: str) -> None:
    response = await client.get(URL(path, encoded=True))
    assert response.status == 404
    assert response.content_type == "application/problem+json"


async def test_files_are_revalidated(client: Client) -> None:
    assert set(VENDOR) == {
        "@azure/msal-browser",
        "@fluentui/web-components",
        "@microsoft/teams-js",
        "eventsource-parser",
        "lit-html",
    }
    first = await client.get("/static/theme.css")
    again = await client.get("/static/theme.css", headers={"If-None-Match": first.headers["ETag"]})
    assert (first.status, again.status) == (200, 304)
    assert first.headers["Cache-Control"] == "no-cache"


async def test_a_browser_that_follows_a_link_gets_a_page(client: Client) -> None:
    response = await client.get("/nowhere", headers={"Sec-Fetch-Mode": "navigate"})
    assert response.status == 404
    assert response.content_type == "text/html"
    assert "Not found" in await response.text()


async def test_documentation_is_a_page_whose_links_lead_somewhere(client: Client) -> None:
    index = await (await client.get("/docs/")).text()
    pages = re.findall(r'href="(/docs/[^"#]+)"', index)
    assert {f"/docs/{path.name}" for path in docs.FOLDER.glob("*.md")} == set(pages)
    named: dict[URL, str] = {}
    for path in set(pages):
        response = await client.get(path)
        text = await response.text()
        assert (response.status, response.content_type) == (200, "text/html")
        assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert "<main" in text
        for target in re.findall(r'(?:href|src)="(?!https?:|#)([^"#]+)', text):
            named[URL(path).join(URL(target))] = path
    for address, path in named.items():
        assert (await client.get(address)).status in {200, 503}, f"{path} names {address}"
    picture = await client.get("/docs/pane.png")
    assert (picture.status, picture.content_type) == (200, "image/png")
    assert "text/html" in (await client.get("/docs/permissions.md")).headers["Content-Type"]


def test_a_page_of_the_documentation_is_marked_up_but_holds_no_html(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# Words & *marks*\n\n## How it flows\n\n<script>alert(1)</script> [x](javascript:alert(1)) "
        "[there](other.md#here)\n\n| a | b |\n|---|---|\n| `1` | <b>2</b> |\n\n    <i>code</i>\n"
    )
    doc = docs.read_doc(page)
    assert (doc.name, doc.title, doc.sections) == (
        "page.md",
        "Words & marks",
        (("how-it-flows", "How it flows"),),
    )
    assert '<h2 id="how-it-flows">How it flows</h2>' in doc.html
    assert '<a href="other.md#here">there</a>' in doc.html
    assert "<td><code>1</code></td>" in doc.html
    assert not re.search(r"<script|<b>|<i>|href=\"javascript", doc.html)


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/static/boot.js/",
            "/static/./boot.js/",
            "/static//boot.js",
            "/static/" + "a" * 300,
            "/static/%00",
        ),
        *(
            "/docs/operator.md/",
            "/docs/" + "a" * 300,
            "/docs/deploy//Caddyfile",
            "/static/icons",
            "/static/icons/",
        ),
        "/static/vendor/lit-html/lit-html.js/",
    ],
)
async def test_a_file_is_found_by_its_own_name_only(client: Client, path: str) -> None:
    response = await client.get(URL(path, encoded=True))
    assert (response.status, response.content_type) == (404, "application/problem+json")
