"""The top of the mailbox that newcomers open first: an example of each state that an email can be in."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from connectors.embedded.demo.chance import chance
from connectors.embedded.demo.conversations import Conversation, cast, converse, relinked
from connectors.embedded.demo.customers import Account
from connectors.embedded.demo.facts import draw_facts
from connectors.embedded.demo.scripts import LETTERS, read_scripts

SELLER = "alexw"
"""Whose mailbox it is; one of the letters is a colleague's, and a copy lies here."""
# script → the customer it is played with, hour and minute (UTC) of its last letter
TALKS = {
    "agreement": ("wyrevalley.example", 16, 2),
    "drawings": ("orchardlane.example", 16, 48),
    "leaving": ("ashdown-textiles.example", 17, 5),
    "startup": ("harrowvale.example", 18, 31),
    "seals": ("ravensberg-chemie.example", 19, 20),
}
PAUSE = timedelta(minutes=37)


def newest(customers: Sequence[Account], today: datetime) -> Iterator[Conversation]:
    """Yesterday's last conversations, later than nearly everything else in the seller's mailbox."""
    by_domain = {account.domain: account for account in customers}
    scripts = read_scripts(LETTERS / "newest")
    for name, (domain, hour, minute) in TALKS.items():
        key, account = f"newest/{name}/0", by_domain[domain]
        rng = chance(f"cast/{key}")
        roles, facts = cast(rng, account, account.owner, 0), draw_facts(rng, account)
        talk = converse(key, scripts[name], account, roles, facts, today=today, ends_days_ago=1)
        yield _ending_at(talk, today - timedelta(days=1) + timedelta(hours=hour, minutes=minute))


def _ending_at(talk: Conversation, at: datetime) -> Conversation:
    """The conversation with its last letter at that time, the others shortly before."""
    last = len(talk.letters) - 1
    letters = [replace(letter, at=at - (last - n) * PAUSE) for n, letter in enumerate(talk.letters)]
    return replace(talk, letters=relinked(letters))
