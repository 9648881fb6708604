"""Liaison's own tables (`liaison.sqlite`). No word of an untracked message is in any of them."""

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
from insights.tables.own import Instant, own
from insights.tables.services import facts, message_places, secrets, sign_outs, subscriptions
from insights.tables.tracking import hearers, news, track_attachments, track_joins, tracks

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
    "track_attachments",
    "track_joins",
    "tracks",
    "versions",
]
