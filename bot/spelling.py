"""The words of a sentence: as they were written, what they say, and what is meant where one is mistyped."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from rapidfuzz import process
from rapidfuzz.distance import OSA

from bot.phrases import FEATURE_WORDS, FILLER_WORDS, IDEAS_OF, OWN_WORDS

PIECE = re.compile(r'(?<!\S)(?:"[^"]+"|“[^“”]+”|„[^„“”]+[“”]|«[^«»]+»)(?=[\s.,;:!?]|$)|\S+')
PUNCTUATION = ".,;:!?/\\\"'“”„«»‘`*_~<>()[]{}…–—- "
ENDS = {"s": "is", "m": "am", "re": "are", "ve": "have", "d": "would", "ll": "will"}
KNOWN = FILLER_WORDS | IDEAS_OF.keys() | FEATURE_WORDS
LONG_WORDS = sorted(word for word in IDEAS_OF if len(word) >= 4)


@dataclass(frozen=True, slots=True)
class Token:
    """A word or a quoted name: as it was written, and its small letters; "didn't" is two words."""

    raw: str
    words: tuple[str, ...]
    is_quoted: bool = False

    @property
    def says(self) -> frozenset[str]:
        """Its words and their ideas."""
        return frozenset(self.words).union(*(IDEAS_OF.get(word, frozenset()) for word in self.words))

    @property
    def is_filler(self) -> bool:
        """Whether it says nothing about what is left over."""
        return not self.is_quoted and FILLER_WORDS.issuperset(self.words)

    @property
    def is_known(self) -> bool:
        """Whether a sentence may be made of it, so that it need not be a name."""
        return not self.is_quoted and KNOWN.issuperset(self.words)


def read_tokens(text: str) -> Iterator[Token]:
    """The words and quoted names of a text; what is punctuation alone is left out."""
    for piece in PIECE.findall(text):
        bare = piece.strip(PUNCTUATION)
        if len(piece) > 2 and piece[0] in '"“„«' and piece.rstrip(".,;:!?")[-1] in '"”“»' and bare:
            yield Token(bare, (bare.casefold(),), is_quoted=True)
        elif bare:
            yield Token(piece, _said(bare.casefold().replace("’", "'")))


def _said(word: str) -> tuple[str, ...]:
    if word.endswith("n't"):
        return (word.removesuffix("n't"), "not")
    stem, mark, end = word.rpartition("'")
    if mark and stem in FILLER_WORDS and end in ENDS:
        return (stem, ENDS[end])
    return (stem, "'s") if mark and end == "s" else (word,)


def closest(token: Token) -> str:
    """The command a word means; a typo may cost one letter, two in long words."""
    word = token.words[0]
    if token.is_quoted or word in OWN_WORDS:
        return "" if token.is_quoted else word
    if word in KNOWN:
        return ""
    near = sorted((OSA.distance(word, own), own) for own in OWN_WORDS)
    allowed = 0 if len(word) < 4 else 1 if len(word) < 7 else 2
    return near[0][1] if near[0][0] <= min(allowed, near[1][0] - 1) else ""


def is_capital(tokens: Sequence[Token], at: int) -> bool:
    """Whether a word inside a sentence has a capital letter while others have none."""
    return at > 0 and tokens[at].raw[0].isupper() and any(token.raw[0].islower() for token in tokens)


def corrected(tokens: Sequence[Token]) -> list[Token]:
    """The words with typos mended, where what the right word says is not said yet."""
    said = set[str]().union(*(token.says for token in tokens))
    mended = []
    for at, token in enumerate(tokens):
        word = "" if token.is_quoted or len(token.words) > 1 or is_capital(tokens, at) else token.words[0]
        guess = "" if word in KNOWN else _guess(word)
        if guess and said.isdisjoint(IDEAS_OF[guess]):
            said |= IDEAS_OF[guess]
            mended.append(replace(token, words=(guess,)))
        else:
            mended.append(token)
    return mended


def _guess(word: str) -> str:
    """The word of `phrases.py` that a word is a typo of; short words may not have another letter instead."""
    if len(word) < 4:
        return ""
    allowed = 1 if len(word) < 8 else 2
    found = process.extractOne(word, LONG_WORDS, scorer=OSA.distance, score_cutoff=allowed)
    if not found:
        return ""
    guess = found[0]
    is_other = len(word) == len(guess) and sorted(word) != sorted(guess)
    return "" if is_other and len(word) < 6 else guess


def words_of(tokens: Iterable[Token]) -> list[str]:
    """The words of all of them."""
    return [word for token in tokens for word in token.words]
