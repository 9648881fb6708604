"""A list in Teams leaves ids behind, and no word of what it showed."""

import pytest

from insights.outbox import State
from insights.settings import Settings
from tests.bot.conftest import Chat, buttons, texts
from tests.bot.test_pushing import Seller, seller
from tests.flows.test_privacy import spellings

__all__ = ["seller"]
WORDS = ("Delivery 1", "Delivery 2", "see you soon")


async def test_what_a_card_showed_is_nowhere_at_rest(
    chat: Chat, settings: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    sent = await chat.say("ann", "untracked")
    assert set(WORDS[:2]) <= set(texts(sent.card))
    await chat.say("ann", "untracked Fabrikam")
    await chat.say("ann", "untracked ana@fabrikam.example")
    await chat.press("bob", sent, buttons(sent.card, "track")[0])
    await chat.press("ann", sent, {"verb": "retry", "data": buttons(sent.card, "track")[0]["data"]})
    chat.connector.faults += [(500, {})]
    await chat.say("ann", "untracked")
    told = "".join(capfd.readouterr())
    assert "an answer is sent later" in told
    require_nowhere(settings, told)


async def test_what_a_card_showed_that_was_sent_by_itself_is_nowhere_at_rest(
    seller: Seller, settings: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    seller.chat.connector.faults += [(503, {})]
    for number in range(2):
        await seller.fail(await seller.press(number=number))
    await seller.wait_for((State.SENT, None), (State.SENT, None))
    shown = {text for sent in seller.cards() for text in texts(sent.card)}
    assert any("Delivery" in text for text in shown)
    require_nowhere(settings, "".join(capfd.readouterr()))


def require_nowhere(settings: Settings, told: str) -> None:
    """Raise unless no word of the mails is in the log or at rest outside of the mailbox."""
    files = [path for path in settings.data_dir.rglob("*") if path.is_file()]
    at_rest = [path for path in files if not path.name.startswith("mailbox.sqlite")]
    assert {"liaison.sqlite", "jobs.sqlite", "crm.sqlite"} <= {path.name for path in at_rest}
    for words in WORDS:
        assert words not in told
        for path in at_rest:
            content = path.read_bytes()
            assert not any(spelling in content for spelling in spellings(words)), (path.name, words)
