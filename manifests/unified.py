"""The unified manifest: Teams, and Outlook where it reads it (web, new Windows, current classic Windows)."""

from collections.abc import Sequence

from manifests.facts import COLOR_ICON, OUTLINE_ICON, BotCommand, Facts

SCHEMA_VERSION = "1.22"
SCHEMA = f"https://developer.microsoft.com/json-schemas/teams/v{SCHEMA_VERSION}/MicrosoftTeams.schema.json"
MOST_COMMANDS = 10
"""How many commands Teams shows in a list; the bot understands the others as well."""

Json = dict[str, object]


def unified_manifest(facts: Facts) -> Json:
    """The content of manifest.json."""
    return {
        "$schema": SCHEMA,
        "manifestVersion": SCHEMA_VERSION,
        "version": facts.version,
        "id": facts.unified_id,
        "developer": {
            "name": facts.provider,
            "websiteUrl": facts.url("/"),
            "privacyUrl": facts.url("/docs/privacy.md"),
            "termsOfUseUrl": facts.url("/docs/terms.md"),
        },
        "name": {"short": facts.name, "full": facts.full_name},
        "description": {"short": facts.summary, "full": facts.description},
        "icons": {"color": COLOR_ICON, "outline": OUTLINE_ICON},
        "accentColor": facts.accent,
        "defaultInstallScope": "personal",
        "defaultGroupCapability": {"team": "bot", "groupchat": "bot"},
        "bots": [_bot(facts)],
        "composeExtensions": [_message_extension(facts)],
        "staticTabs": _tabs(facts),
        "extensions": [_mail_extension(facts)],
        "permissions": ["identity", "messageTeamMembers"],
        "authorization": {"permissions": {"resourceSpecific": _permissions()}},
        "validDomains": [facts.host],
        "webApplicationInfo": {"id": facts.sign_in_id, "resource": facts.resource},
    }


def _bot(facts: Facts) -> Json:
    """It works in group chats and channels, too, where it answers in the asker's own chat."""
    for_all = [command for command in facts.commands if not command.is_private]
    return {
        "botId": facts.app_id,
        "scopes": ["personal", "team", "groupChat"],
        "isNotificationOnly": False,
        "supportsFiles": False,
        "commandLists": [
            {"scopes": ["personal"], "commands": _command_list(facts.commands)},
            {"scopes": ["team", "groupChat"], "commands": _command_list(for_all)},
        ],
    }


def _command_list(commands: Sequence[BotCommand]) -> list[Json]:
    return [{"title": command.word, "description": command.sentence} for command in commands[:MOST_COMMANDS]]


def _message_extension(facts: Facts) -> Json:
    query = {
        "name": "query",
        "title": "Name or email address",
        "description": "Part of a name, or an email address",
        "inputType": "text",
    }
    return {
        "botId": facts.app_id,
        "commands": [
            {
                "id": "find",
                "type": "query",
                "context": ["compose", "commandBox"],
                "title": "Find a record",
                "description": "Find a record of your CRM and share its name and link",
                "parameters": [query],
            }
        ],
        # Links to records (`/t/…`) become cards; Teams lets us name the host only.
        "messageHandlers": [{"type": "link", "value": {"domains": [facts.host]}}],
    }


def _tabs(facts: Facts) -> list[Json]:
    page = facts.url("/tab")
    return [
        {"entityId": "conversations", "scopes": ["personal"]},
        {
            "entityId": "records",
            "name": "Records",
            "contentUrl": page,
            "websiteUrl": page,
            "scopes": ["personal"],
        },
        {"entityId": "about", "scopes": ["personal"]},
    ]


def _permissions() -> list[Json]:
    """To read the open email, also in shared and delegated mailboxes; nothing is written to it."""
    return [{"name": name, "type": "Delegated"} for name in ("MailboxItem.Read.User", "Mailbox.SharedFolder")]


def _mail_extension(facts: Facts) -> Json:
    """What Outlook shows. A further surface is one more runtime, with its ribbon or its events."""
    return {
        "requirements": {
            "scopes": ["mail"],
            "capabilities": [{"name": "Mailbox", "minVersion": facts.mailbox}],
        },
        "runtimes": [_pane_runtime(facts)],
        "ribbons": [_read_ribbon(facts)],
        # No alternateIcons: they would make Microsoft 365 write an XML manifest beside ours.
        "alternates": [{"hide": {"customOfficeAddin": {"officeAddinId": facts.mail_id}}}],
    }


def _pane_runtime(facts: Facts) -> Json:
    return {
        "id": "pane",
        "type": "general",
        "lifetime": "short",
        "code": {"page": facts.pane},
        "actions": [
            {
                "id": "showPane",
                "type": "openPage",
                "view": "pane",
                "displayName": facts.button,
                "pinnable": True,
            }
        ],
    }


def _read_ribbon(facts: Facts) -> Json:
    icons = [{"size": size, "url": facts.icon(size)} for size in facts.ribbon_sizes]
    button = {
        "id": "showPaneButton",
        "type": "button",
        "label": facts.button,
        "icons": icons,
        "supertip": {"title": facts.button, "description": facts.tip},
        "actionId": "showPane",
    }
    group = {"id": "readGroup", "label": facts.name, "icons": icons, "controls": [button]}
    return {
        "requirements": {"scopes": ["mail"], "formFactors": ["desktop"]},
        "contexts": ["mailRead"],
        "tabs": [{"builtInTabId": "TabDefault", "groups": [group]}],
    }
