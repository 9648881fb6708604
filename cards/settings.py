"""The features an administrator turns on and off, and the terms that come first."""

from cards.elements import (
    Card,
    Element,
    beside,
    buttons,
    card,
    execute,
    group,
    heading,
    line,
    lines,
    run,
    small,
    title,
)
from cards.plain import Text, paragraph, plain
from cards.words import Words
from insights.views import FeatureState, FeaturesView, Terms
from insights.words import Said

SENTENCE = 300
VISIBLE = 900
"""How many characters of the terms are shown before they fold."""
REST = "rest of the terms"


def settings_card(view: FeaturesView, words: Words) -> Card:
    """Each feature with its state and what it shares with whom; verbs `enable`, `disable`, id = feature."""
    body = [heading(words, "settings.title"), small(_accepted(view, words))]
    body += [group([line(words.told(warning, SENTENCE))], style="warning") for warning in view.warnings]
    for name in type(view.features).model_fields:
        body.append(_feature(name, getattr(view.features, name), view.sharing.get(name, ""), words))
    return card(words, body)


def disable_card(feature: str, words: Words) -> Card:
    """Asks before a feature is turned off for everybody: verb `disable_now`, id = the feature."""
    key = f"disable.{feature}"
    told = words(key if key in words else "disable.any")
    off = execute(words("settings.disable"), "disable_now", feature, style="destructive")
    keep = execute(words("disable.keep"), "say", "settings")
    asked = words("disable.title", feature=_name(feature, words))
    return card(words, [title(asked), line(told), buttons(off, keep)])


def terms_card(terms: Terms, feature: str, words: Words) -> Card:
    """The terms to accept before `feature` can be turned on: verb `accept_terms`, id = the feature."""
    why = words("terms.why", feature=_name(feature, words), version=terms.version)
    body = [
        heading(words, "terms.title"),
        line(why),
        *_folded(terms.text if isinstance(terms.text, str) else words(terms.text), words),
    ]
    if terms.accepted:
        told = words("terms.accepted", name=terms.accepted.by, time=terms.accepted.at)
        return card(words, [*body, small(told, spacing="Medium")])
    accept = execute(words("terms.accept"), "accept_terms", feature, style="positive")
    return card(words, [*body, buttons(accept), small(words("terms.kept"), spacing="Small")])


def _accepted(view: FeaturesView, words: Words) -> Text:
    if view.accepted is None:
        return words("settings.not_accepted")
    accepted = view.accepted
    return words("settings.accepted", version=accepted.version, name=accepted.by, time=accepted.at)


def _feature(name: str, state: FeatureState, sharing: Said, words: Words) -> Element:
    shown = _name(name, words)
    text = words(f"settings.{state.state.replace(' ', '_')}")
    told = [
        lines(run(shown, weight="Bolder"), run(Text(f" · {text}"))),
        small(words.told(sharing, SENTENCE)),
    ]
    if state.reason:
        told.append(small(words.told(state.reason, SENTENCE), spacing="Small"))
    if state.state == "unavailable":
        return group(told, separator=True, spacing="Medium")
    verb = "enable" if state.state == "off" else "disable"
    tooltip = words(f"settings.{verb}_name", feature=shown)
    button = execute(words(f"settings.{verb}"), verb, name, tooltip=tooltip)
    return beside(told, button, align="Top", spacing="Medium") | {"separator": True}


def _name(feature: str, words: Words) -> Text:
    key = f"feature.{feature}.title"
    return words(key) if key in words else plain(feature)


def _folded(text: str, words: Words) -> list[Element]:
    """The terms by paragraph; what is beyond `VISIBLE` characters waits behind a button."""
    shown: list[Element] = []
    hidden: list[Element] = []
    length = 0
    for part in text.split("\n"):
        length += len(part)
        if part.strip():
            target = shown if length <= VISIBLE or not shown else hidden
            target.append(line(paragraph(part), spacing="Small"))
    if not hidden:
        return [group(shown, style="emphasis")]
    rest = group(hidden, id=REST, isVisible=False, spacing="Small")
    unfold = {"type": "Action.ToggleVisibility", "title": words("terms.all"), "targetElements": [REST]}
    return [group([*shown, rest], style="emphasis"), buttons(unfold)]
