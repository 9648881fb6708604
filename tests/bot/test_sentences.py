"""Plain sentences in a chat: what is meant is done, what is not understood offers nothing that changes."""

import pytest

from tests.bot.conftest import Chat, buttons, texts


@pytest.mark.parametrize(
    "sentence",
    [
        "show me my untracked emails",
        "what emails did I not track from Fabrikam?",
        "what did Ana write lately?",
        "show me Ana Silva's untracked mail, please",
    ],
)
async def test_a_sentence_lists_what_is_untracked(chat: Chat, sentence: str) -> None:
    sent = await chat.say("ann", sentence)
    assert {"Delivery 1", "Delivery 2", "Delivery 3"} <= set(texts(sent.card))


async def test_a_sentence_finds_a_record(chat: Chat) -> None:
    assert "Fabrikam" in texts((await chat.say("ann", "could you look for the customer Fabrikam?")).card)


@pytest.mark.parametrize("word", ["thanks", "Thank you very much!", "👍"])
async def test_thanks_are_answered_kindly(chat: Chat, word: str) -> None:
    sent = await chat.say("ann", word)
    assert texts(sent.card) == ["You are welcome.", "Write help to see what else I can do."]


@pytest.mark.parametrize("user", ["ann", "root"])
@pytest.mark.parametrize(
    ("sentence", "title"),
    [
        ("who knows ivy", "I cannot do that yet"),
        ("health Fabrikam", "I cannot do that yet"),
        ("sing me a song", "I did not understand that"),
        ("don't sign me out", "I did not understand that"),
        ("can I sign out?", "I did not understand that"),
    ],
)
async def test_what_is_offered_changes_nothing(chat: Chat, user: str, sentence: str, title: str) -> None:
    sent = await chat.say(user, sentence)
    assert texts(sent.card)[0] == title
    offered = [button["data"]["id"] for button in buttons(sent.card, "say")]
    assert offered == ["help", "untracked", "find"]


async def test_a_question_about_a_feature_turns_nothing_off(chat: Chat) -> None:
    for sentence in ("disable auto capture?", "turn off auto capture", "don't disable auto capture"):
        assert "Features" in texts((await chat.say("root", sentence)).card)
        assert "Delivery 1" in texts((await chat.say("ann", "untracked")).card)
    await chat.say("root", "could you please disable the auto capture?")
    assert "Delivery 1" not in texts((await chat.say("ann", "untracked")).card)
