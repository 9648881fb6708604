"""The files that pages load: our own, those of npm packages, and our texts; whole or not at all."""

import json
from functools import cache
from hashlib import sha256
from pathlib import Path, PurePosixPath

from aiohttp import ETag, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.web_request import BaseRequest

from addin.arrivals import copy_headers
from addin.headers import EMBEDDED
from addin.http import Visit
from insights.words import DEFAULT, read_texts, read_words

HERE = Path(__file__).parent
STATIC = HERE / "static"
NODE_MODULES = HERE.parent / "node_modules"

# The npm packages that pages load, and which of their files.
VENDOR = {
    "@azure/msal-browser": ("lib/msal-browser.min.js",),
    "@fluentui/web-components": ("dist/web-components.min.js",),
    "@microsoft/teams-js": ("dist/umd/MicrosoftTeams.min.js",),
    "eventsource-parser": ("dist/*.js",),
    "lit-html": ("*.js", "directives/*.js"),
}

PARTIAL = ("Range", "If-Range", "If-Match", "If-Unmodified-Since")


async def send_static(_visit: Visit, file: str) -> web.StreamResponse:
    """One of our own files."""
    return send_file(STATIC, file)


async def send_texts(visit: Visit, language: str) -> web.Response:
    """The texts of our pages in a language; what it lacks is English."""
    found = read_words(language)
    if found.language != language:
        raise web.HTTPNotFound
    body = _texts(language)
    etag = ETag(sha256(body).hexdigest())
    headers = {"Cache-Control": "no-cache", "ETag": f'"{etag.value}"', **EMBEDDED}
    if etag in (visit.request.if_none_match or ()):
        return web.Response(status=304, headers=headers)
    return web.Response(body=body, content_type="application/json", headers=headers)


@cache
def _texts(language: str) -> bytes:
    areas = ("pane", "shared")
    texts = {**read_texts(DEFAULT, areas), **read_texts(language, areas)}
    return json.dumps(texts, ensure_ascii=False, separators=(",", ":")).encode()


async def send_vendor(_visit: Visit, file: str) -> web.StreamResponse:
    """A file of an npm package, if the table of them has it."""
    for package, patterns in VENDOR.items():
        inner = file.removeprefix(f"{package}/")
        if inner != file and any(_matches(PurePosixPath(inner), pattern) for pattern in patterns):
            return send_file(NODE_MODULES / package, inner)
    raise web.HTTPNotFound


def _matches(path: PurePosixPath, pattern: str) -> bool:
    """Whether the whole path fits; `*` is no `/`."""
    return len(path.parts) == len(PurePosixPath(pattern).parts) and path.match(pattern)


def find_file(folder: Path, name: str) -> Path:
    """A file inside the folder, by the path in a URL; 404 for what is hidden, outside or not there."""
    parts = PurePosixPath(name).parts
    # Only as the file is called: no other spelling, such as a slash at the end, leads to it.
    if "/".join(parts) != name or "\x00" in name or "\\" in name or any(part[0] == "." for part in parts):
        raise web.HTTPNotFound
    path = folder.joinpath(*parts)
    try:
        is_file = path.is_file()
    except (OSError, ValueError):  # a name that no file system takes
        is_file = False
    if not is_file:
        raise web.HTTPNotFound
    return path


class WholeFile(web.FileResponse):
    """A file that is sent whole, or not at all where the browser has it: parts fail in ways of their own."""

    async def prepare(self, request: BaseRequest) -> AbstractStreamWriter | None:
        """Send it as if nothing but what the browser has were asked."""
        return await super().prepare(request.clone(headers=copy_headers(request, without=PARTIAL)))


def send_file(folder: Path, name: str) -> web.FileResponse:
    """A file inside the folder, revalidated by the browser each time; else 404."""
    path = find_file(folder, name)
    return WholeFile(path, headers={"Cache-Control": "no-cache", **EMBEDDED})
