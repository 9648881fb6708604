"""The language of a page: the caller's most wanted one that has a catalogue in `static/messages/`."""

from pathlib import Path

CATALOGUES = Path(__file__).parent / "static" / "messages"
RIGHT_TO_LEFT = frozenset({"ar", "dv", "fa", "he", "ps", "ur", "yi"})
DEFAULT = "en"


def choose_language(accepted: str) -> str:
    """The best language for an Accept-Language header (RFC 9110 §12.5.4), English where none fits."""
    available = {path.stem for path in CATALOGUES.glob("*.json")}
    wanted = []
    for part in accepted.split(","):
        tag, _, weight = part.partition(";")
        language = tag.strip().split("-")[0].lower()
        if language in available:
            wanted.append((_weight(weight), language))
    return max(wanted, key=lambda pair: pair[0], default=(0.0, DEFAULT))[1]


def direction_of(language: str) -> str:
    """`rtl` or `ltr`, as the attribute `dir` has it."""
    return "rtl" if language in RIGHT_TO_LEFT else "ltr"


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
