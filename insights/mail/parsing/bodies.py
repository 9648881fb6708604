"""The words of a message: HTML that is safe to store and show, and plain text."""

import re
from html import escape
from html.parser import HTMLParser

import nh3

from insights.mail.parsing.mime import Part
from insights.mail.parsing.parsed import BODY_LIMIT
from insights.mail.parsing.parts import is_words, words_of
from insights.mail.parsing.words import storable
from insights.model import MessageBody

ATTRIBUTES = {
    **nh3.ALLOWED_ATTRIBUTES,
    "*": {"style", "dir", "lang", "title", "align", "valign", "width", "height", "bgcolor"},
    "font": {"color", "face", "size"},
    "table": nh3.ALLOWED_ATTRIBUTES["table"] | {"border", "cellpadding", "cellspacing"},
}
# No property that takes an address: a background would load from the sender's server.
STYLES = set(
    """
    color background-color font font-family font-size font-style font-weight
    text-align text-decoration text-indent line-height letter-spacing white-space
    vertical-align direction width height max-width min-width
    margin margin-top margin-right margin-bottom margin-left
    padding padding-top padding-right padding-bottom padding-left
    border border-top border-right border-bottom border-left
    border-color border-style border-width border-collapse border-spacing
    """.split()  # noqa: SIM905 - a list of quoted words is harder to read
)
LINKS = ("http:", "https:", "mailto:", "tel:")
PICTURES = ("cid:", "data:image/png", "data:image/jpeg", "data:image/gif", "data:image/webp")
CLEANER = nh3.Cleaner(
    tags=nh3.ALLOWED_TAGS | {"font"},
    clean_content_tags={"script", "style", "title", "noscript", "template", "iframe", "noembed", "noframes"},
    attributes=ATTRIBUTES,
    attribute_filter=lambda _tag, name, value: _filtered(name, value),
    link_rel="noopener noreferrer",
    set_tag_attribute_values={"a": {"target": "_blank"}},
    url_schemes={"http", "https", "mailto", "tel", "cid", "data"},
    url_relative="deny",
    filter_style_properties=STYLES,
)
TAG = re.compile(r"<[^<>]*>")
BLANK_LINES = re.compile(r"\n\s*\n\s*\n+")
BLOCKS = frozenset(
    """
    address article aside blockquote br center dd div dl dt figure footer h1 h2 h3 h4 h5 h6
    header hr li nav ol p pre section table tr ul
    """.split()  # noqa: SIM905
)


def read_body(message: Part, *, plain: bool = False) -> MessageBody:
    """The body in both forms; `plain` leaves out what the HTML cleaner could choke on."""
    html, text = _words(message)
    if html is not None and not plain:
        html = clean_html(html)
        text = text if text and text.strip() else html_to_text(html)
    else:
        text = text if text and text.strip() else TAG.sub(" ", (html or "")[:BODY_LIMIT])
        html = None
    text = storable(text.replace("\r\n", "\n"))[:BODY_LIMIT].strip()
    return MessageBody(html=html if html is not None else text_to_html(text), text=text)


def read_words(words: str, *, is_html: bool, plain: bool = False) -> MessageBody:
    """The body of which a mail server gives one form only, in both; `plain` as above."""
    if is_html and not plain:
        html = clean_html(words)
        return MessageBody(html=html, text=storable(html_to_text(html))[:BODY_LIMIT].strip())
    text = TAG.sub(" ", words[:BODY_LIMIT]) if is_html else words
    text = storable(text.replace("\r\n", "\n"))[:BODY_LIMIT].strip()
    return MessageBody(html=text_to_html(text), text=text)


def clean_html(html: str) -> str:
    """HTML without scripts, forms, frames, handlers and pictures from elsewhere."""
    html = storable(html)[:BODY_LIMIT]
    cleaned = CLEANER.clean(html)
    while len(cleaned) > BODY_LIMIT:
        html = html[: len(html) // 2]
        cleaned = CLEANER.clean(html)
    return cleaned


def text_to_html(text: str) -> str:
    """Plain text as HTML that shows the same lines."""
    return escape(text, quote=False)[:BODY_LIMIT].replace("\n", "<br>\n") if text else ""


def html_to_text(html: str) -> str:
    """The words of cleaned HTML, one line per block."""
    reader = _TextReader()
    reader.feed(html)
    reader.close()
    return BLANK_LINES.sub("\n\n", "".join(reader.pieces))


def _filtered(name: str, value: str) -> str | None:
    """The attribute's value, or None for an address of the wrong kind."""
    if name == "src":
        return value if value.strip().lower().startswith(PICTURES) else None
    if name in {"href", "cite"}:
        return value if value.strip().lower().startswith(LINKS) else None
    return value


def _words(part: Part) -> tuple[str | None, str | None]:
    """(HTML, text) of a part and what is inside it, None for a form it does not have."""
    if not part.children:
        if not is_words(part):
            return None, None
        words = words_of(part)
        return (words, None) if part.content_type == "text/html" else (None, words)
    found = [each for each in map(_words, part.children) if each != (None, None)]
    if part.content_type == "multipart/alternative":
        htmls = [html for html, _ in found if html is not None]
        texts = [text for _, text in found if text is not None]
        return (htmls[-1] if htmls else None), (texts[0] if texts else None)
    return _joined(found)


def _joined(found: list[tuple[str | None, str | None]]) -> tuple[str | None, str | None]:
    if not found:
        return None, None
    has_html = any(html is not None for html, _ in found)
    lacks_text = any(text is None for _, text in found)
    html = "\n".join(html if html is not None else text_to_html(text or "") for html, text in found)
    text = "\n".join(text for _, text in found if text is not None)
    return (html if has_html else None), (None if lacks_text else text)


class _TextReader(HTMLParser):
    """Collects the text of HTML that is known to be well-formed."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a line where a browser would."""
        if tag in BLOCKS:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        """Keep the words; line breaks of the source mean nothing."""
        self.pieces.append(re.sub(r"\s+", " ", data))
