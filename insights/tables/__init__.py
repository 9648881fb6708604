"""Liaison's own tables (`liaison.sqlite`) that several share; those of a capability lie in its folder.

No word of an untracked message is in any of them. `insights/holdings.py` joins all.
"""

from insights.tables.chats import conversations, listed_emails, listings, places, taken_activities
from insights.tables.governing import (
    acceptances,
    audiences,
    audit,
    choices,
    features,
    leases,
    members,
    names,
    versions,
)
from insights.tables.news import hearers, news
from insights.tables.own import Instant, own
from insights.tables.services import facts, message_places, secrets, sign_outs, subscriptions

__all__ = [
    "Instant",
    "acceptances",
    "audiences",
    "audit",
    "choices",
    "conversations",
    "facts",
    "features",
    "hearers",
    "leases",
    "listed_emails",
    "listings",
    "members",
    "message_places",
    "names",
    "news",
    "own",
    "places",
    "secrets",
    "sign_outs",
    "subscriptions",
    "taken_activities",
    "versions",
]
