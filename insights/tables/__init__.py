"""Liaison's own tables (`liaison.sqlite`) that several share; those of a capability lie in its folder.

No word of an untracked message is in any of them. `insights/holdings.py` joins all.
"""

from insights.tables.chats import (
    conversations,
    drawing_subjects,
    drawings,
    places,
    pushes,
    taken_activities,
)
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
    "drawing_subjects",
    "drawings",
    "facts",
    "features",
    "hearers",
    "leases",
    "members",
    "message_places",
    "names",
    "news",
    "own",
    "places",
    "pushes",
    "secrets",
    "sign_outs",
    "subscriptions",
    "taken_activities",
    "versions",
]
