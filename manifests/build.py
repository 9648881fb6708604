"""Builds what an administrator uploads: `liaison.zip` (unified manifest) and `outlook.xml`."""

import json
import re
from collections.abc import Sequence
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID, uuid4
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from insights.errors import Invalid
from manifests.facts import COLOR_ICON, ICONS, OUTLINE_ICON, BotCommand, Facts
from manifests.unified import unified_manifest

TEMPLATES = Path(__file__).parent / "templates"
PACKAGE, XML = "liaison.zip", "outlook.xml"
HOST = r"([0-9a-z]([0-9a-z-]{0,61}[0-9a-z])?\.)*[0-9a-z]([0-9a-z-]{0,61}[0-9a-z])?(:[1-9][0-9]{0,4})?"
LONGEST_HOST = 200
"""Characters; the XML manifest allows 250 for `api://host/botid-id`."""


def build_manifests(
    public_url: str, app_id: str, commands: Sequence[BotCommand], folder: Path, *, sign_in_id: str = ""
) -> list[Path]:
    """Write both files into `folder`, made if missing, and return their paths; Invalid says what is wrong.

    `app_id` is the bot's registration, `sign_in_id` the one that people sign in to, "" where it is the same.
    `commands` are what Teams suggests while somebody types to the bot.
    """
    if not app_id:
        raise Invalid("no_app_id")
    bot_id = _read_app_id(app_id)
    facts = Facts(read_public_url(public_url), bot_id, sign_in_id or bot_id, commands)
    return _write(folder, {PACKAGE: pack(facts), XML: render_xml(facts).encode()})


def _read_app_id(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise Invalid("bad_app_id") from None


def read_public_url(text: str) -> str:
    """`https://host[:port]` in lower case, without the slash at its end; Invalid for everything else."""
    try:
        parts = urlsplit(text.removesuffix("/"))
        port = parts.port
    except ValueError:  # a port above 65535, a broken IPv6 address
        raise _wrong_url("it is no address") from None
    host = parts.netloc.lower()
    if parts.scheme != "https":
        raise _wrong_url("Outlook and Teams load https pages only")
    if parts.path or parts.query or parts.fragment or "?" in text or "#" in text:
        raise _wrong_url("Liaison's pages start at the root of their host")
    if re.search(r"\s", text) or not re.fullmatch(HOST, host, re.ASCII) or len(host) > LONGEST_HOST:
        raise _wrong_url("it names no host" if not host else "its host is not one that manifests can name")
    return f"https://{host.removesuffix(':443') if port == 443 else host}"


def pack(facts: Facts) -> bytes:
    """The zip with the unified manifest and its icons; the same facts give the same bytes."""
    manifest = json.dumps(unified_manifest(facts), indent=2, ensure_ascii=False) + "\n"
    files = {"manifest.json": manifest.encode()}
    files |= {name: (ICONS / name).read_bytes() for name in (COLOR_ICON, OUTLINE_ICON)}
    stream = BytesIO()
    with ZipFile(stream, "w") as package:
        for name, content in files.items():
            package.writestr(ZipInfo(name), content, ZIP_DEFLATED)
    return stream.getvalue()


def render_xml(facts: Facts) -> str:
    """The XML manifest."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(XML).render(facts=facts).lstrip() + "\n"


def _write(folder: Path, files: dict[str, bytes]) -> list[Path]:
    """Under other names first, so that no half-written file is ever uploaded."""
    drafts: list[Path] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            drafts.append(folder / f".{name}.{uuid4().hex}")
            drafts[-1].write_bytes(content)
        return [draft.replace(folder / name) for draft, name in zip(drafts, files, strict=True)]
    except OSError as error:
        for draft in drafts:
            with suppress(OSError):
                draft.unlink()
        raise Invalid(
            "not_writable", folder=folder, cause=(error.strerror or type(error).__name__).lower()
        ) from None


def _wrong_url(why: str) -> Invalid:
    return Invalid("bad_public_url", why=why)
