"""Reads the letters' folder: what each kind of conversation says, and how its words vary."""

import re
from dataclasses import dataclass
from pathlib import Path
from random import Random

LETTERS = Path(__file__).parent / "letters"
CHOICE = re.compile(r"\[([^\[\]]*)\]")
HEADING = re.compile(
    r"== (?P<sender>\w+) > (?P<to>[\w, ]+?)(?: cc (?P<cc>\w+(?:, \w+)*))?(?P<options>( \w+=\S+)*)"
)
SENTENCE = re.compile(r"(^|[.?!]\s+|\n\n)([a-z])")
MINUTES = {"m": 1, "h": 60, "d": 24 * 60}


@dataclass(frozen=True, slots=True)
class Step:
    """One letter of a script; `answers` is the step that it replies to, None for a fresh letter."""

    sender: str
    to: tuple[str, ...]
    cc: tuple[str, ...]
    pause_minutes: int
    answers: int | None
    files: tuple[str, ...]
    flags: frozenset[str]
    words: str

    @property
    def roles(self) -> tuple[str, ...]:
        """Everybody who takes part."""
        return (self.sender, *self.to, *self.cc)


@dataclass(frozen=True, slots=True)
class Script:
    """A kind of conversation; `subjects` are to choose from."""

    name: str
    subjects: str
    steps: tuple[Step, ...]


def read_scripts(folder: Path = LETTERS) -> dict[str, Script]:
    """All scripts of a folder, by name."""
    return {path.stem: read_script(path) for path in sorted(folder.glob("*.txt"))}


def read_script(path: Path) -> Script:
    """One file of the folder; raises ValueError with the line that does not fit."""
    head, *parts = re.split(r"^(?=== )", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    subjects = head.removeprefix("subject:").strip()
    steps: list[Step] = []
    for part in parts:
        heading, _, words = part.partition("\n")
        steps.append(_step(path.name, heading.strip(), words.strip(), len(steps)))
    return Script(path.stem, subjects, tuple(steps))


def vary(rng: Random, text: str, facts: dict[str, str]) -> str:
    """The text with its choices made and its facts filled in."""
    while found := CHOICE.search(text):
        text = text[: found.start()] + rng.choice(found[1].split("|")) + text[found.end() :]
    return SENTENCE.sub(lambda start: start[1] + start[2].upper(), text.format_map(facts))


def vary_subject(rng: Random, subjects: str, facts: dict[str, str]) -> str:
    """One of the subjects, with its choices made and its facts filled in."""
    alternatives = re.split(r"\|(?![^\[]*\])", subjects)
    return vary(rng, rng.choice(alternatives), facts)


def _step(file: str, heading: str, words: str, number: int) -> Step:
    found = HEADING.fullmatch(heading)
    if not found or not words:
        raise ValueError(f"{file}: {heading}")
    options = dict(option.split("=") for option in found["options"].split())
    pause = options.get("after", "0m")
    reply = int(options.get("reply", number))
    return Step(
        found["sender"],
        _names(found["to"]),
        _names(found["cc"]),
        int(pause[:-1]) * MINUTES[pause[-1]],
        reply - 1 if reply else None,
        _names(options.get("files")),
        frozenset(_names(options.get("flags"))),
        words,
    )


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in (text or "").split(",") if name.strip())
