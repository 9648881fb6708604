"""What Liaison needs around it, and whether it is there."""

from collections.abc import Sequence

from cards.elements import (
    Card,
    Element,
    beside,
    buttons,
    card,
    group,
    heading,
    line,
    lines,
    open_url,
    run,
    small,
)
from cards.plain import Text, sentence
from cards.words import Words
from insights.requirements.views import RequirementItem, RequirementList

CAUSE, ACTION = 160, 120
MOST = 12
"""How many requirements that are not met are told in full: beyond them a message would get too large."""
REST = "rest of the requirements"


def requirements_card(page: RequirementList, words: Words) -> Card:
    """What is not met with cause, action and link; the rest folds into lines."""
    missing = [item for item in page.items if item.state == "not met"]
    unknown = [item for item in page.items if item.state == "unknown"]
    met = [item for item in page.items if item.state == "met"]
    body = [heading(words, "requirements.title"), small(_summary(missing, unknown, met, words))]
    body += [_missing(item, words) for item in missing[:MOST]]
    if len(missing) > MOST:
        body.append(small(words("requirements.more", count=len(missing) - MOST), spacing="Medium"))
    folded = [_folded(item, words) for item in [*unknown, *met]]
    if folded:
        unfold = {
            "type": "Action.ToggleVisibility",
            "title": words("requirements.rest"),
            "targetElements": [REST],
        }
        body += [buttons(unfold), group(folded, id=REST, isVisible=False)]
    return card(words, body)


def _summary(
    missing: Sequence[RequirementItem],
    unknown: Sequence[RequirementItem],
    met: Sequence[RequirementItem],
    words: Words,
) -> Text:
    return words("requirements.summary", missing=len(missing), unknown=len(unknown), met=len(met))


def _missing(item: RequirementItem, words: Words) -> Element:
    told = [
        lines(
            run(words.told(item.requirement), weight="Bolder"),
            run(Text(f" · {words('requirements.not_met')}")),
        ),
        small(sentence(words.told(item.cause, CAUSE))),
        line(sentence(words.told(item.action, ACTION)), spacing="Small", size="Small"),
    ]
    if item.link.startswith("https://"):
        name = words("requirements.read_name", requirement=item.requirement)
        link = open_url(words("requirements.read"), item.link) | {"tooltip": name}
        return beside(told, link, align="Top", spacing="Medium") | {"separator": True}
    return group(told, separator=True, spacing="Medium")


def _folded(item: RequirementItem, words: Words) -> Element:
    state = words(f"requirements.{item.state}")
    shown = lines(
        run(words.told(item.requirement), size="Small"), run(Text(f" · {state}"), size="Small", isSubtle=True)
    )
    if item.state == "met":
        return shown
    return group([shown, small(sentence(words.told(item.cause, CAUSE)))], spacing="Small")
