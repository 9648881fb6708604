"""What both manifests say: ids, names, addresses, commands. One set of facts, so that they never disagree."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID, uuid5

from insights.links import application_id_uri

VERSION = "1.0.0"
"""Raised with every change to what the manifests say: Teams and Outlook take over only a higher one."""

ICONS = Path(__file__).parent / "icons"
SERVED_ICONS = Path(__file__).parents[1] / "addin" / "static" / "icons"
COLOR_ICON, OUTLINE_ICON = "color.png", "outline.png"
RIBBON_SIZES = (16, 32, 80)
MOBILE_SIZES, MOBILE_SCALES = (25, 32, 48), (1, 2, 3)
COMMAND_SIZES = sorted({*RIBBON_SIZES} | {size * scale for size in MOBILE_SIZES for scale in MOBILE_SCALES})
LISTED_SIZE, LISTED_SIZE_SHARP = 64, 128
ICON_SIZES = sorted({*COMMAND_SIZES, LISTED_SIZE, LISTED_SIZE_SHARP})
"""Pixels of the icons that the server hands out."""

# The least that a mail client must offer: the pane follows the selected message (ItemChanged, pinning).
MAILBOX = "1.5"


@dataclass(frozen=True, slots=True)
class BotCommand:
    """A word that the bot knows, and what it does; `is_private` ones are offered in the own chat only."""

    word: str
    sentence: str
    is_private: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that varies between installations, and what follows from it.

    `public_url` is `https://host[:port]` without a path, `app_id` the id of the bot's Entra registration,
    `sign_in_id` that of the one which people sign in to, usually the same.
    """

    public_url: str
    app_id: str
    sign_in_id: str
    commands: Sequence[BotCommand]

    name = "Liaison"
    full_name = "Liaison: relationship insights"
    mail_name = "Liaison for Mac and mobile"
    summary = "Your CRM beside every email, and your emails beside the CRM record"
    description = (
        "Beside an email, Liaison shows who wrote and which of your private emails belong to the customer's "
        "record. One click on Track copies an email into the CRM for everyone who should see it. Until then "
        "it is seen by you alone."
    )
    mail_description = (
        "Your CRM beside every email, in Outlook on Mac, on mobile and on older Windows. "
        "Everywhere else the app called Liaison does the same, and hides this one."
    )
    provider = "Liaison"
    button = "Liaison"
    tip = "Who wrote, what belongs to their record, and Track to share an email in the CRM."
    accent = "#0F6CBD"
    version = VERSION
    mailbox = MAILBOX
    ribbon_sizes = RIBBON_SIZES
    mobile_sizes, mobile_scales = MOBILE_SIZES, MOBILE_SCALES
    command_sizes = COMMAND_SIZES

    @property
    def host(self) -> str:
        """Host and port as Teams lists domains."""
        return urlsplit(self.public_url).netloc

    @property
    def unified_id(self) -> str:
        """The id of the unified manifest, the same for the same registration."""
        return str(uuid5(UUID(self.app_id), "unified manifest"))

    @property
    def mail_id(self) -> str:
        """The id of the XML manifest, another but as stable."""
        return str(uuid5(UUID(self.app_id), "XML manifest"))

    @property
    def resource(self) -> str:
        """The application id URI for which Outlook and Teams ask a token."""
        return application_id_uri(self.public_url, self.sign_in_id)

    @property
    def pane(self) -> str:
        """The page beside an email."""
        return self.url("/addin/pane")

    @property
    def listed_icon(self) -> str:
        """The icon in lists of add-ins."""
        return self.icon(LISTED_SIZE)

    @property
    def listed_icon_sharp(self) -> str:
        """The same for sharp screens."""
        return self.icon(LISTED_SIZE_SHARP)

    def icon(self, pixels: int) -> str:
        """The address of the icon of that size."""
        return self.url(f"/static/icons/{pixels}.png")

    def url(self, path: str) -> str:
        """An address on this server; `path` starts with a slash."""
        return f"{self.public_url}{path}"
