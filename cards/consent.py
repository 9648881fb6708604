"""The consent link for an administrator of Microsoft 365, and what of it is granted."""

from cards.elements import Card, Element, buttons, card, group, heading, line, lines, open_url, run, small
from cards.plain import Text, plain, sentence
from cards.words import Words
from insights.grants.views import GrantItem, Grants, GrantUse

WHY = 160
STATE_KEYS = {
    "granted": "consent.granted",
    "not granted": "consent.not_granted",
    "unknown": "consent.unknown",
}


def consent_card(consent: Grants, words: Words) -> Card:
    """Each permission with why it is needed and whether it is granted; the button is the link itself."""
    body = [heading(words, "consent.title"), small(words("consent.what"))]
    body += [_grant(item, words) for item in consent.permissions]
    if consent.used:
        body.append(group([line(_use(consent.used, words))], style="emphasis", spacing="Medium"))
    if consent.link is None:
        body.append(
            group([line(sentence(words.told(consent.reason, WHY)))], style="warning", spacing="Medium")
        )
        return card(words, body)
    body.append(buttons(open_url(words("consent.open"), consent.link), spacing="Medium"))
    if consent.valid_until:
        body.append(small(words("consent.until", time=consent.valid_until), spacing="Small"))
    return card(words, body)


def _grant(item: GrantItem, words: Words) -> Element:
    state = words(STATE_KEYS[item.state])
    shown = lines(run(plain(item.permission), weight="Bolder"), run(Text(f" · {state}")))
    told = [small(sentence(words.told(why, WHY))) for why in item.why]
    if item.cause:
        told.append(small(sentence(words.told(item.cause, WHY)), spacing="Small"))
    return group([shown, *told], separator=True, spacing="Medium")


def _use(use: GrantUse, words: Words) -> Text:
    if use.is_granted:
        return words("consent.used", time=use.at, name=use.made_by)
    return words("consent.refused", time=use.at, name=use.made_by, error=use.error)
