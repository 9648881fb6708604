"""The language of an answer: the caller's most wanted one that has catalogues."""

from aiohttp import web

from insights.words import Words, best_language, read_words


def words_of(request: web.Request) -> Words:
    """The words in the language that a request asks for."""
    return read_words(choose_language(request.headers.get("Accept-Language", "")))


def choose_language(accepted: str) -> str:
    """The best language for an Accept-Language header (RFC 9110 §12.5.4), English where none fits."""
    wanted = []
    for part in accepted.split(","):
        tag, _, weight = part.partition(";")
        wanted.append((_weight(weight), tag.strip()))
    wanted.sort(key=lambda pair: pair[0], reverse=True)
    return best_language([tag for weight, tag in wanted if weight > 0])


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
