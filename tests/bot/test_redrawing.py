"""Lists in chats end up telling the truth, whichever of answer and redrawing comes last."""

from typing import Any

import pytest

from bot.capture import redraw
from bot.turns import Answer
from tests.bot.conftest import Chat, buttons, texts


async def test_an_answer_older_than_the_tracking_is_redrawn(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = await chat.say("ann", "untracked")
    drawn: list[Answer] = []

    def is_tracked() -> bool:
        return any("Tracked by Ann Beebe" in text for text in texts(sent.card))

    async def draw_and_dawdle(*given: Any) -> Answer:
        drawn.append(await redraw(*given))
        await chat.connector.wait_for(is_tracked)
        return drawn[0]

    monkeypatch.setattr("bot.capture.redraw", draw_and_dawdle)
    await chat.press("ann", sent, buttons(sent.card, "track")[0])
    assert drawn[0].change_id
    assert not is_tracked()
    await chat.connector.wait_for(is_tracked)
