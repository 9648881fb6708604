"""Bodies: HTML to text as Exchange does on request, previews, and the scripts it takes out."""

import re
from html import escape, unescape

from tests.standins.graph.wire import Json

ELEMENTS = re.compile(r"<(script|style|head|title)\b[^>]*>.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
SCRIPTS = re.compile(r"<script\b[^>]*>.*?</script\s*>", re.IGNORECASE | re.DOTALL)
BREAKS = re.compile(r"<(br|/p|/div|/tr|/li|/h\d)\b[^>]*>", re.IGNORECASE)
TAGS = re.compile(r"<[^<>]*>")
PREVIEW = 255


def html_to_text(html: str) -> str:
    """The words of HTML in Exchange's line ends."""
    words = re.sub(r"[ \t\r\n]+", " ", ELEMENTS.sub("", html))
    words = unescape(TAGS.sub("", BREAKS.sub("\n", words)))
    return "\r\n".join(line.strip() for line in words.split("\n")).strip()


def render_body(body: Json, *, as_text: bool) -> Json:
    """The body in the preferred form, without scripts."""
    is_html = str(body["contentType"]).lower() == "html"
    content = str(body.get("content") or "")
    if as_text:
        return {"contentType": "text", "content": html_to_text(content) if is_html else content}
    return {
        "contentType": "html" if is_html else "text",
        "content": SCRIPTS.sub("", content) if is_html else content,
    }


def preview(body: Json) -> str:
    """The first 255 characters of the words."""
    return str(render_body(body, as_text=True)["content"])[:PREVIEW]


def text_to_html(text: str) -> str:
    """Plain words as HTML."""
    return f"<html><body>{escape(text)}</body></html>"
