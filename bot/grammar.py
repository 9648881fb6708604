"""Which command a sentence means, and its argument, from the words of `phrases.py`.

First a request to change something, which must be plain; then a text that begins with a command; then the
sentence whose signs are all there.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz.distance import OSA

from bot.phrases import (
    BEYOND_WORDS,
    CHANGING,
    FILLER_WORDS,
    IDEAS_OF,
    LEADING_WORDS,
    MEANINGS,
    NOT_BUILT,
    OPENINGS,
    OWN_WORDS,
    POLITE_WORDS,
    STRONG,
    TAKING,
    Meaning,
)
from bot.spelling import KNOWN, PUNCTUATION, Token, closest, corrected, is_capital, read_tokens, words_of

MOST_WORDS = 30
MOST_ARGUMENT_WORDS = 6
LONGEST_OPENING = 5
LEADING_IDEAS = frozenset({"email", "record"})
NEAR = 0.7


@dataclass(frozen=True, slots=True)
class Reading:
    """A command's word and its argument as it was written; "" where none is meant.

    `near` are commands the text has something of, the nearest first.
    """

    command: str
    argument: str = ""
    near: tuple[str, ...] = ()


def read_sentence(text: str) -> Reading:
    """What a text means; "help" for none."""
    tokens = list(read_tokens(text))
    if not tokens:
        return Reading("help" if not text.strip() or "?" in text else "")
    if len(tokens) == 1 and tokens[0].is_quoted:
        return read_sentence(tokens[0].raw)
    core = _without_openings(tokens)
    asks = text.rstrip().endswith("?") and len(core) == len(tokens)
    return (
        _change(core, is_question=asks)
        or _beginning(core, takes=True)
        or _sentence(tokens)
        or _beginning(core, takes=False)
        or Reading("", near=_near(tokens))
    )


def _without_openings(tokens: Sequence[Token]) -> Sequence[Token]:
    start = 0
    while count := _opening(tokens[start : start + LONGEST_OPENING]):
        start += count
    return tokens[start:]


def _opening(tokens: Sequence[Token]) -> int:
    """With how many of the words a request begins that may be one still."""
    said = [" ".join(words_of(tokens[:count])) for count in range(len(tokens) + 1)]
    return next((count for count in range(len(tokens), 0, -1) if said[count] in OPENINGS), 0)


def _change(core: Sequence[Token], *, is_question: bool) -> Reading | None:
    """A command that changes something, asked for by its own word and not denied."""
    if is_question or "not" in words_of(core[:MOST_WORDS]):
        return None
    for count in range(min(len(core), 3), 0, -1):
        said, rest = " ".join(words_of(core[:count])).replace("-", ""), core[count:]
        for command, own in CHANGING.items():
            if said in own or (said not in KNOWN and any(OSA.distance(said, word) <= 1 for word in own)):
                if command != "signout":
                    return Reading(command, _named(rest))
                if all(token.is_filler for token in rest):
                    return Reading(command)
    return None


def _beginning(core: Sequence[Token], *, takes: bool) -> Reading | None:
    """A text that begins with a command's word; that of a search may be of another command's things."""
    command = closest(core[0]) if core else ""
    if not command or (command in TAKING) != takes or command in CHANGING:
        return None
    if not takes:
        return Reading(command)
    best = _best(corrected(core[1:])) if command == "find" else None
    if best and best.rank >= STRONG and best.command != NOT_BUILT:
        return _sentence(core[1:])  # "find my untracked emails"
    return Reading(command, _argument(core[1:]))


def _sentence(tokens: Sequence[Token]) -> Reading | None:
    """The command whose signs a sentence has, no command for what is not built; None where it has none."""
    if len(tokens) > MOST_WORDS:
        return None
    said = corrected(tokens)
    core = _without_openings(said)
    best = None if core and not BEYOND_WORDS.isdisjoint(core[0].words) else _best(said)
    if best is None:
        return None
    if best.command == NOT_BUILT:
        return Reading("", near=(NOT_BUILT, *_near(said)))
    return Reading(best.command, _left_over(said, best) if best.takes else "")


def _best(tokens: Sequence[Token]) -> Meaning | None:
    """The meaning of the highest rank, None where two are as high or none fits."""
    fitting = [meaning for meaning in MEANINGS if _fits(tokens, meaning)]
    highest = [each for each in fitting if each.rank == max(one.rank for one in fitting)]
    return highest[0] if len({each.command for each in highest}) == 1 else None


def _fits(tokens: Sequence[Token], meaning: Meaning) -> bool:
    if not _has_sign(tokens, meaning):
        return False
    if not meaning.takes:
        return all(_belongs(token, meaning) for token in tokens)
    words = len(_left_over(tokens, meaning).split())
    return meaning.rank >= STRONG or 0 < words <= MOST_ARGUMENT_WORDS


def _has_sign(tokens: Sequence[Token], meaning: Meaning) -> bool:
    said = frozenset[str]().union(*(token.says for token in tokens if not token.is_quoted))
    return any(said.issuperset(sign.split()) for sign in meaning.signs)


def _belongs(token: Token, meaning: Meaning) -> bool:
    """Whether a word is part of what a meaning is said with, so no argument."""
    own = meaning.words | FILLER_WORDS
    return not token.is_quoted and all(
        word in own or meaning.words & IDEAS_OF.get(word, frozenset()) for word in token.words
    )


def _left_over(tokens: Sequence[Token], meaning: Meaning) -> str:
    """What stands between the words of a meaning, as it was written."""
    belongs = [_belongs(token, meaning) for token in tokens]
    if all(belongs):
        return ""
    start, end = belongs.index(False), len(belongs) - belongs[::-1].index(False)
    while start > 1 and _is_first_name(tokens, start - 1):
        start -= 1
    return _written(tokens[start:end], has_more=end < len(tokens))


def _argument(tokens: Sequence[Token]) -> str:
    """What follows a command's word, as it was written, without small words before and behind it."""
    start = 0
    while start < len(tokens) and _leads(tokens[start]):
        start += 1
    known = next((at for at, token in enumerate(tokens) if not token.is_known), 0)
    for at in range(start, known):
        if "of" in tokens[at].says:  # "untracked emails that I got from Contoria"
            start = at + 1
    end = len(tokens)
    while end > start + 1 and (tokens[end - 1].is_filler or _leads(tokens[end - 1])):
        end -= 1
    return _written(tokens[start:end], has_more=end < len(tokens))


def _named(tokens: Sequence[Token]) -> str:
    """The feature that a request names, as it was written."""
    end = len(tokens)
    while end and POLITE_WORDS.issuperset(tokens[end - 1].words):
        end -= 1
    return _written(tokens[:end], has_more=False)


def _leads(token: Token) -> bool:
    """Whether a word between a command and a name is none: an article, "emails", "the account"."""
    return not token.is_quoted and all(
        word in LEADING_WORDS or LEADING_IDEAS & IDEAS_OF.get(word, frozenset()) for word in token.words
    )


def _written(tokens: Sequence[Token], *, has_more: bool) -> str:
    """Words as they were written; "Ana's" before "emails" is Ana."""
    text = " ".join(token.raw for token in tokens).strip(PUNCTUATION)
    if has_more and tokens and tokens[-1].words[-1] == "'s":
        return text[: -len("'s")]
    return text


def _is_first_name(tokens: Sequence[Token], at: int) -> bool:
    """Whether a small word is a name: "Will" in "what did Will Smith write"."""
    return is_capital(tokens, at) and tokens[at].words[0] not in LEADING_WORDS | {"i"}


def _near(tokens: Sequence[Token]) -> tuple[str, ...]:
    """The commands of which a text has a sign or a similar word, the nearest first."""
    said = corrected(tokens[:MOST_WORDS])
    words = [word for word in words_of(said) if word not in FILLER_WORDS]

    def similarity(command: str) -> float:
        if any(_has_sign(said, meaning) for meaning in MEANINGS if meaning.command == command):
            return 1
        return max((OSA.normalized_similarity(word, command) for word in words), default=0)

    scored = {command: similarity(command) for command in OWN_WORDS - CHANGING.keys()}
    near = [command for command in scored if scored[command] >= NEAR]
    return tuple(sorted(near, key=lambda command: (-scored[command], command)))
