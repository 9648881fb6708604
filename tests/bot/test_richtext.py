"""What Teams sends as text: entities, tags, mentions with or without entity; what the bot hears."""

import json
from typing import Any

import pytest

from bot.activities import read_activity
from tests.bot.conftest import Chat, texts

BOT = {"id": "28:bot", "name": "Liaison"}
ADELE = {"id": "29:adele", "name": "Adele Vance"}
ODD = {"id": "29:odd", "name": "Test ($~&)"}
NAMESAKE = {"id": "29:liaison", "name": "Liaison"}
FABRIKAM = {"id": "29:fabrikam", "name": "Fabrikam"}


def mention(who: dict[str, str], text: str | None = None) -> dict[str, Any]:
    """A mention's entity; Teams leaves the text out for some names."""
    return {"type": "mention", "mentioned": who} | ({} if text is None else {"text": text})


def words(text: str, *entities: Any, recipient: Any = BOT, **fields: Any) -> str:
    """What the bot hears of a message."""
    activity = {
        "type": "message",
        "serviceUrl": "https://smba.example/",
        "conversation": {"id": "a:1", "conversationType": "personal"},
        "from": {"id": "29:ann"},
        "recipient": recipient,
        "text": text,
        "entities": list(entities),
    }
    return read_activity(json.dumps(activity | fields).encode()).words


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("<at>Liaison</at>&nbsp;help", "help"),
        ("<at>Liaison</at>\xa0help\r\n", "help"),
        ("<p>help</p>", "help"),
        ("<div><p><at>Liaison</at>&nbsp;help</p>\n</div>", "help"),
        ('<div style="a: b">untracked <b>Con</b>toria<br/>please</div>', "untracked Contoria please"),
        ("find AT&amp;T", "find AT&T"),
        ("find AT&T", "find AT&T"),
        ("find A&LTD &copy", "find A&LTD &copy"),
        ("find &lt;b&gt; &#246;&#xe9;", "find <b> öé"),
        ("find &amp;lt;", "find &lt;"),
        ("find <ana@fabrikam.example>", "find <ana@fabrikam.example>"),
        ("find a < b > c", "find a < b > c"),
        ('<at id="0">Liaison</at> <at id="1">Adele Vance</at>', '"Adele Vance"'),
        ("untracked <at>Adele Vance</at>", 'untracked "Adele Vance"'),
        ("<at>liaison</at>, untracked", ", untracked"),
        ("@Liaison help", "help"),
        ("@Liaison", ""),
        ("<at>Liaison help", "Liaison help"),
        ("", ""),
    ],
)
def test_text_is_read_without_its_markup(text: str, heard: str) -> None:
    assert words(text) == heard
    for text_format in ("plain", "xml", "markdown"):
        assert words(text, textFormat=text_format) == heard


def test_the_bots_own_mention_is_the_one_of_its_id() -> None:
    text = "<at>Liaison</at> untracked <at>Adele Vance</at>"
    both = [mention(ADELE, "<at>Adele Vance</at>"), mention(BOT, "<at>Liaison</at>")]
    assert words(text, *both) == 'untracked "Adele Vance"'
    assert words(text.replace("Liaison", "Our bot"), both[0], mention(BOT, "<at>Our bot</at>")) == (
        'untracked "Adele Vance"'
    )
    colleague = [mention(BOT, "<at>Liaison</at>"), mention(NAMESAKE, "<at>Liaison</at>")]
    assert words("<at>Liaison</at> untracked <at>Liaison</at>", *colleague) == 'untracked "Liaison"'
    assert words("untracked <at>Liaison</at>", mention(NAMESAKE, "<at>Liaison</at>")) == 'untracked "Liaison"'


@pytest.mark.parametrize("given", [None, "<at>Test ($~&)</at>", "<at>Test ($~&amp;)</at>"])
def test_a_name_with_odd_characters_is_a_name(given: str | None) -> None:
    text = "<at>Liaison</at> untracked <at>Test ($~&amp;)</at>"
    assert words(text, mention(BOT, "<at>Liaison</at>"), mention(ODD, given)) == 'untracked "Test ($~&)"'
    assert words(text, mention(ODD, given), mention(BOT)) == 'untracked "Test ($~&)"'
    bot = {"id": "28:bot", "name": "R&D ($~) bot"}
    own = "<at>R&amp;D ($~) bot</at> help"
    assert words(own, mention(bot, given and "<at>R&D ($~) bot</at>"), recipient=bot) == "help"
    assert words(own, recipient=bot) == "help"


def test_an_entity_without_text_and_name_goes_by_its_place() -> None:
    nameless = {"type": "mention", "mentioned": {"id": "28:bot"}}
    text = "<at>Renamed</at> untracked <at>Adele Vance</at>"
    assert words(text, mention(ADELE), nameless) == 'untracked "Adele Vance"'
    assert words("<at></at> untracked <at></at>", nameless, mention(ADELE)) == 'untracked "Adele Vance"'


def test_a_mention_in_text_that_knows_no_tags_is_the_name_as_typed() -> None:
    assert words("@liaison-bot untracked", mention(BOT, "@liaison-bot")) == "untracked"


def test_an_html_attachment_stands_in_for_the_text() -> None:
    content = (
        '<div><span itemscope="" itemtype="http://schema.skype.com/Mention" itemid="0">Liaison</span>'
        '&nbsp;untracked <span itemtype="http://schema.skype.com/Mention">Adele Vance</span></div>'
    )
    html = {"contentType": "text/html", "content": content}
    assert words("", attachments=[html]) == 'untracked "Adele Vance"'
    assert words("help", attachments=[html]) == "help"
    assert words("", attachments=[{"contentType": "text/html", "content": 7}, "x", {}]) == ""
    card = {"contentType": "application/vnd.microsoft.card.adaptive", "content": {}}
    mark = {"contentType": "text/html", "content": '<attachment id="1"></attachment>'}
    assert words('<attachment id="1"></attachment>', attachments=[card, mark]) == ""


@pytest.mark.parametrize(
    "entities", [None, 7, "x", {}, [1, None, "x", {"type": "mention", "mentioned": 7}, {}]]
)
def test_odd_entities_are_passed_over(entities: Any) -> None:
    assert words("<at>Liaison</at> help", entities=entities) == "help"


def test_long_markup_is_read_quickly() -> None:
    pieces = (
        "<at>",
        "<at>a</at>",
        "<at><b>",
        "</at>",
        "<span ",
        "&#1;",
        "<p",
        "<span schema.skype.com/Mention",
    )
    for piece in pieces:
        words(
            piece * (30_000 // len(piece)), *[mention(ADELE)] * 3000
        )  # the time limit ends what is not linear


async def test_a_mentioned_colleague_is_asked_for_and_not_everybody(chat: Chat) -> None:
    own, colleague = mention(BOT, "<at>Liaison</at>"), mention(ADELE, "<at>Adele Vance</at>")
    group = {"conversation": {"id": "19:group", "conversationType": "groupChat", "isGroup": True}}
    for text in (
        "untracked <at>Adele Vance</at>",
        "<at>Liaison</at>&nbsp;what did <at>Adele Vance</at> write?",
    ):
        sent = await chat.say("ann", text, entities=[own, colleague])
        assert any("Adele Vance" in line for line in texts(sent.card)), text
        assert "Nothing found" in texts(sent.card)
    named = [own, mention(FABRIKAM, "<at>Fabrikam</at>")]
    await chat.receive(
        chat.activity("ann", text="<at>Liaison</at> untracked <at>Fabrikam</at>", entities=named, **group)
    )
    assert "Delivery 1" in texts(chat.connector.last("a:ann").card)


@pytest.mark.parametrize("text", ["<at>Liaison</at>&nbsp;help", "<p>help</p>", "<div>help&nbsp;me</div>"])
async def test_rich_text_gets_its_answer(chat: Chat, text: str) -> None:
    assert "What you can say" in texts((await chat.say("ann", text, textFormat="xml")).card)
