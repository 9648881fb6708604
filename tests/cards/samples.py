"""One table of cards as people meet them: it drives snapshots, validation, rendering, pictures and docs."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from cards.consent import consent_card
from cards.elements import Card
from cards.help import help_card, nearest_card, welcome_card
from cards.notice import notice_card
from cards.preferences import preferences_card, preferences_form_card
from cards.records import choose_card, found_card, record_card
from cards.requirements import requirements_card
from cards.settings import disable_card, settings_card, terms_card
from cards.untracked import failure_card, untracked_card
from cards.words import read_words
from insights.capture.views import AttachmentItem, Failure, Item, TrackedBy, UntrackedList, UntrackedRow
from insights.features import FEATURES, TERMS_VERSION
from insights.grants.views import GrantItem, Grants, GrantUse
from insights.model import TrackState
from insights.requirements.views import RequirementItem, RequirementList
from insights.views import (
    Acceptance,
    Features,
    FeatureState,
    FeaturesView,
    Preferences,
    RecordItem,
    RecordPage,
    Terms,
)
from insights.words import say

WORDS = read_words("en")
NOON = datetime(2026, 11, 10, 12, 0, tzinfo=UTC)
LIST = "4Yk0rT"
_NAMES = UUID("8a6f2f0e-3c11-4a5e-9d59-0c7b1ad0a1ce")


@dataclass(frozen=True, slots=True)
class Sample:
    """A card function with arguments; `name` is also its picture's."""

    name: str
    function: Callable[..., Card]
    arguments: tuple[Any, ...]
    options: dict[str, bool]

    @property
    def card(self) -> Card:
        """The card's JSON."""
        return self.function(*self.arguments, **self.options)


def an_id(name: str) -> str:
    """An id as CRM and mailbox have it, always the same for a name."""
    return str(uuid5(_NAMES, name))


def record(table: str, name: str, subtitle: str = "") -> RecordItem:
    """A CRM record."""
    return RecordItem(table=table, id=an_id(name), name=name, subtitle=subtitle)


CONTOSO = record("account", "Contoso Ltd", "Leeds")
ANA = record("contact", "Ana Silva", "ana.silva@contoso.example")
RENEWAL = record("opportunity", "Renewal 2027", "Contoso Ltd")
BO = record("lead", "Bo Lind", "bo.lind@northwind.example")
LABELS = {"account": "Account", "contact": "Contact", "opportunity": "Opportunity", "lead": "Lead"}


def item(subject: str, hours: float, state: TrackState = TrackState.UNTRACKED, **more: Any) -> Item:
    """An email of the list, so many hours before noon."""
    may = {TrackState.UNTRACKED: ["track"], TrackState.FAILED: ["retry"]}.get(state, [])
    facts = {
        "id": an_id(subject),
        "kind": "email",
        "state": state,
        "subject": subject,
        "at": NOON - timedelta(hours=hours),
        "sender": "ana.silva@contoso.example",
        "sender_name": "Ana Silva",
        "to": ["alexw@example.com"],
        "direction": "incoming",
        "may": may,
    }
    return Item.model_validate(facts | more)


def row(shown: Item, *choices: RecordItem) -> UntrackedRow:
    """A row of the list."""
    return UntrackedRow(item=shown, choices=list(choices))


def file(name: str) -> AttachmentItem:
    """A file of an email."""
    return AttachmentItem(id=name, name=name, size=48_000, content_type="application/pdf")


BY_ME = TrackedBy(id=an_id("Alex"), name="Alex Wilber", at=NOON - timedelta(minutes=4))
BY_COLLEAGUE = TrackedBy(id=an_id("Adele"), name="Adele Vance", at=NOON - timedelta(hours=1, minutes=48))
UNAVAILABLE = Failure(cause="the CRM or the mailbox did not answer", action="Retry in a few minutes.")
OFFER = row(
    item("Revised offer for 2027", 2, why="from Ana Silva, primary contact", attachments=[file("Offer.pdf")]),
    CONTOSO,
    ANA,
    RENEWAL,
)
OLDER = row(
    item(
        "Re: Delivery dates",
        27,
        why="to Ana Silva, primary contact",
        direction="outgoing",
        attachments=[file("Plan.xlsx"), file("Dates.pdf")],
    ),
    CONTOSO,
    ANA,
)
UNTRACKED = UntrackedList(
    record=CONTOSO,
    rows=[OFFER, OLDER, row(item("Lunch on Thursday?", 50, why="from Ana Silva, primary contact"), CONTOSO)],
    next="MjAyNi0xMS0wOFQxMDowMDowMFo",
    audience=14,
)
STATES = UntrackedList(
    rows=[
        row(item("Revised offer for 2027", 2, TrackState.PENDING), CONTOSO),
        row(
            item(
                "Re: Delivery dates",
                27,
                TrackState.TRACKED,
                tracked_by=BY_ME,
                regarding=CONTOSO,
                may=["untrack"],
            ),
            CONTOSO,
        ),
        row(item("Price list", 30, TrackState.TRACKED, tracked_by=BY_COLLEAGUE, regarding=RENEWAL), CONTOSO),
        row(item("Signed contract", 31, TrackState.FAILED, failure=UNAVAILABLE), CONTOSO),
        row(item("Lunch on Thursday?", 50), ANA),
        row(
            item(
                "Brochure",
                53,
                direction="outgoing",
                to=["Bo.Lind+news@northwind.example", "office@northwind.example"],
            ),
            BO,
        ),
    ],
    audience=14,
)
ALL_TRACKED = UntrackedList(rows=STATES.rows[1:3], is_first=False, audience=14)
NOTICED = UntrackedList(
    rows=[row(item("Revised offer for 2027", 2, may=[]), CONTOSO)],
    notice="Emails can't be tracked from this mailbox: it is not approved for server-side synchronisation. "
    "Ask your administrator to approve it.",
    audience=14,
)
COMMANDS = (
    "untracked",
    "find",
    "preferences",
    "settings",
    "enable",
    "disable",
    "help",
)
FOUND = RecordPage(items=[CONTOSO, ANA, RENEWAL], next="Mw")
LINKS = {(each.table, each.id): f"https://liaison.example/t/{each.table}:{each.id}" for each in FOUND.items}
STATE_OF = {
    feature.name: FeatureState(state="off", reason="" if feature.is_built else say("feature.not_built"))
    for feature in FEATURES
}
MEGAN = Acceptance(version=TERMS_VERSION, by="Megan Bowen", at=NOON - timedelta(days=3))
SHARING = {feature.name: feature.sharing for feature in FEATURES}
SETTINGS = FeaturesView(
    version=7,
    terms_accepted=True,
    accepted=MEGAN,
    features=Features(
        **STATE_OF
        | {
            "auto_capture": FeatureState(state="on"),
            "email_engagement": FeatureState(state="on", reason=say("feature.not_built")),
            "who_knows_whom": FeatureState(state="unavailable", reason="Needs Exchange Online."),
        }
    ),
    sharing=SHARING,
    warnings=["Email engagement shows its news as cards: turn on the relationship assistant as well."],
)
UNSET = FeaturesView(version=0, terms_accepted=False, features=Features(**STATE_OF), sharing=SHARING)
TERMS = Terms(version=TERMS_VERSION, text=say("terms.text"))
LONG_TERMS = Terms(version="2027-01", text="\n\n".join([str(say("terms.text"))] * 3))
REQUIREMENTS = RequirementList(
    items=[
        RequirementItem(
            requirement="Exchange role Application Mail.ReadBasic assigned",
            state="not met",
            cause="Exchange refuses it for the mailbox that was tried",
            action="Run the script that “liaison grants script” writes, as an Exchange Administrator",
            link="https://learn.microsoft.com/en-us/exchange/permissions-exo/application-rbac",
        ),
        RequirementItem(
            requirement="Bot registered",
            state="not met",
            cause="MicrosoftAppPassword not set",
            action="Register a bot in Azure and set what is missing",
            link="/docs/admin.md#outlook-and-teams",
        ),
        RequirementItem(
            requirement="CRM reachable",
            state="unknown",
            cause="there was no answer within 10 seconds",
            action="See that the address of the CRM is right and that this machine may reach it",
            link="https://liaison.example/docs/configuration.md",
        ),
        RequirementItem(
            requirement="Public address with https",
            state="met",
            cause="",
            action="",
            link="https://liaison.example/docs/operator.md",
        ),
    ]
)
CONSENT = Grants(
    link="https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0/adminconsent?state=x",
    reason="",
    valid_until=NOON + timedelta(hours=24),
    permissions=[
        GrantItem(permission="User.Read", why=["to match the account with the CRM user"], state="granted"),
        GrantItem(
            permission="Mail.Read",
            why=["to list people their own email, and to copy what they track"],
            state="not granted",
            cause="nobody has agreed to it yet",
        ),
        GrantItem(permission="Mail.Read.Shared", why=["the same in shared mailboxes"], state="unknown"),
    ],
)
REFUSED = Grants(
    link=None,
    reason="LIAISON_PUBLIC_URL is not set, so Microsoft Entra could not lead back here.",
    permissions=CONSENT.permissions[:1],
    used=GrantUse(
        at=NOON - timedelta(hours=3),
        made_by="Megan Bowen",
        is_granted=False,
        error="consent_required (AADSTS65004)",
    ),
)
ON = Preferences(version=1, auto_capture=True, language="en")
OFF = Preferences(version=0, auto_capture=None, language="en")


def _sample(name: str, function: Callable[..., Card], *arguments: Any, **options: bool) -> Sample:
    return Sample(name, function, (*arguments, WORDS), options)


NOT_TRACKED = item("Revised offer for 2027", 2, TrackState.FAILED, failure=UNAVAILABLE)
SAMPLES = {
    sample.name: sample
    for sample in (
        _sample("untracked", untracked_card, UNTRACKED, LIST),
        _sample("untracked-states", untracked_card, STATES, LIST),
        _sample("untracked-older", untracked_card, ALL_TRACKED, LIST),
        _sample("untracked-notice", untracked_card, NOTICED, LIST),
        _sample("untracked-empty", untracked_card, UntrackedList(rows=[], audience=14), LIST),
        _sample("failure", failure_card, NOT_TRACKED, LIST),
        _sample("help", help_card, COMMANDS),
        _sample("welcome", welcome_card, COMMANDS[:3]),
        _sample("nearest", nearest_card, "untrackt contoso", COMMANDS[:3]),
        _sample("nearest-not-built", nearest_card, "who knows Ana Silva?", COMMANDS[:3], is_built=False),
        _sample("nearest-none", nearest_card, "sing me a song", ()),
        _sample("found", found_card, "contoso", FOUND, LINKS, LABELS),
        _sample("found-nothing", found_card, "contosso", RecordPage(items=[]), {}, LABELS),
        _sample("choose", choose_card, "contoso", FOUND, LABELS),
        _sample("record", record_card, CONTOSO, "Account", "https://liaison.example/t/account:7"),
        _sample("preferences", preferences_card, ON),
        _sample("preferences-saved", preferences_card, ON, saved=True),
        _sample("preferences-off", preferences_card, OFF),
        _sample("preferences-form", preferences_form_card, ON),
        _sample("settings", settings_card, SETTINGS),
        _sample("settings-new", settings_card, UNSET),
        _sample("disable", disable_card, "auto_capture"),
        _sample("terms", terms_card, TERMS, "auto_capture"),
        _sample("terms-long", terms_card, LONG_TERMS, "auto_capture"),
        _sample("requirements", requirements_card, REQUIREMENTS),
        _sample("consent", consent_card, CONSENT),
        _sample("consent-refused", consent_card, REFUSED),
        _sample(
            "notice", notice_card, "I answered you in our own chat", ["Nobody else sees your email here."]
        ),
        _sample("notice-thanks", notice_card, WORDS("bot.thanks"), [WORDS("bot.thanks_do")]),
        _sample(
            "notice-question",
            notice_card,
            "Find what?",
            ["there is no name to look for", "write for example: find Fabrikam"],
        ),
        _sample(
            "notice-error",
            notice_card,
            "the CRM did not answer",
            ["it was busy for too long", "Nothing is lost: try again in a moment."],
            is_error=True,
        ),
    )
}
