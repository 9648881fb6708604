"""The documentation as pages: the Markdown files of `docs/`, an index, and the pictures they show."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

from addin.files import HERE, find_file, send_file
from addin.http import Visit
from addin.pages import Page, fill_page

if TYPE_CHECKING:  # the first reader pays for it, not the start
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

FOLDER = HERE.parent / "docs"
PICTURES = {".png", ".svg"}
DOC = Page("doc.html")
INDEX = Page("docs.html")


@dataclass(frozen=True, slots=True)
class Doc:
    """A page of the documentation: its file's name, its title, its sections as (id, words), its HTML."""

    name: str
    title: str
    sections: tuple[tuple[str, str], ...]
    html: str


async def show_docs(visit: Visit) -> web.Response:
    """The list of all pages."""
    docs = await asyncio.to_thread(_read_all)
    return fill_page(visit.request, INDEX, {"docs": docs})


async def show_doc(visit: Visit, file: str) -> web.StreamResponse:
    """A page, or a picture that a page shows; nothing else of the folder."""
    path = find_file(FOLDER, file)
    if path.suffix in PICTURES:
        return send_file(FOLDER, file)
    if path.suffix != ".md":
        raise web.HTTPNotFound
    docs = await asyncio.to_thread(_read_all)
    doc = await asyncio.to_thread(read_doc, path)
    return fill_page(visit.request, DOC, {"doc": doc, "docs": docs})


def read_doc(path: Path) -> Doc:
    """A Markdown file as a page whose headings can be linked to; HTML written in it stays text."""
    markdown = _markdown()
    tokens = markdown.parse(path.read_text("utf-8"))
    titles, sections = [], []
    for heading, inline in pairwise(tokens):
        if heading.type != "heading_open":
            continue
        words = "".join(child.content for child in inline.children or ())
        name = re.sub(r"[^\w-]", "", words.lower().replace(" ", "-"))
        heading.attrSet("id", name)
        if heading.tag == "h1":
            titles.append(words)
        elif heading.tag == "h2":
            sections.append((name, words))
    html = markdown.renderer.render(tokens, markdown.options, {})
    return Doc(path.name, titles[0] if titles else path.stem, tuple(sections), html)


def _read_all() -> list[Doc]:
    return sorted((read_doc(path) for path in FOLDER.glob("*.md")), key=lambda doc: doc.title)


@cache
def _markdown() -> "MarkdownIt":
    """Markdown without HTML; what may be wider than the window scrolls by itself, by keyboard too."""
    from markdown_it import MarkdownIt
    from markdown_it.common.utils import escapeHtml

    def open_scroller(label: str) -> str:
        return f'<div class="scroller" role="group" aria-label="{label}" tabindex="0">'

    def render_code(_renderer: object, tokens: "Sequence[Token]", at: int, *_: object) -> str:
        return f"{open_scroller('Code')}<pre><code>{escapeHtml(tokens[at].content)}</code></pre></div>"

    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    for name in ("code_block", "fence"):
        markdown.add_render_rule(name, render_code)
    markdown.add_render_rule("table_open", lambda *_: f"{open_scroller('Table')}<table>")
    markdown.add_render_rule("table_close", lambda *_: "</table></div>")
    return markdown
