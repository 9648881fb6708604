"""The requirements of product.md as rows: what is looked at, for which feature, and what to do about it."""

from insights.requirements import checks
from insights.requirements.requirement import Requirement
from insights.scopes import (
    ALWAYS,
    ANALYTICS,
    ASSISTANT,
    CAPTURE,
    ENGAGEMENT,
    SCOPES,
    WHO_KNOWS_WHOM,
    Kind,
    permissions,
)

CRM_ONLINE, EXCHANGE_ONLINE = "crm_online", "exchange_online"
ENTRA_SIGN_IN = "entra_sign_in"
EXCHANGE_RBAC = "https://learn.microsoft.com/en-us/exchange/permissions-exo/application-rbac"
CONFIGURATION, OPERATOR, ADMIN, SCOPES_PAGE = (
    f"/docs/{page}.md" for page in ("configuration", "operator", "admin", "scopes")
)
PREFIXES: dict[Kind, str] = {"delegated": "scope", "exchange": "role", "entra": "app role"}
EVERY_FEATURE = (ASSISTANT, CAPTURE, ENGAGEMENT, ANALYTICS, WHO_KNOWS_WHOM)


def permission_name(kind: Kind, permission: str) -> str:
    """The name of the row of a permission, `scope:Mail.Read` for one."""
    return f"{PREFIXES[kind]}:{permission}"


_OWN = (
    Requirement(
        "database",
        "Database reachable, at this version's schema",
        "database",
        "See that LIAISON_DATA_DIR or LIAISON_DATABASE_URL is right, then run: liaison db upgrade",
        OPERATOR,
        EVERY_FEATURE,
        checks.look_at_database,
    ),
    Requirement(
        "jobs",
        "Background jobs get done",
        "database",
        "Start the server; if it runs, look into its log for “background jobs did not start”",
        f"{OPERATOR}#health",
        EVERY_FEATURE,
        checks.look_at_jobs,
    ),
    Requirement(
        "keys",
        "Signing keys there and private",
        "database",
        "Start the server once, or set LIAISON_SECRET_KEYS; key files are the server's alone, mode 600",
        f"{OPERATOR}#data-directory",
        (),
        checks.look_at_keys,
    ),
    Requirement(
        "public_url",
        "Public address with https",
        "database",
        "Set LIAISON_PUBLIC_URL to the https address under which people reach the server",
        f"{OPERATOR}#behind-a-proxy-on-iis",
        (),
        checks.look_at_public_url,
    ),
    Requirement(
        "bot",
        "Bot registered",
        "database",
        "Register a bot in Azure and set what is missing",
        f"{ADMIN}#outlook-and-teams",
        (),
        checks.look_at_bot,
    ),
    Requirement(
        "teams_app",
        "Liaison added in Teams by those who use it",
        "database",
        "Upload liaison.zip and assign it, or ask people to add it: who has not cannot be written to",
        f"{ADMIN}#outlook-and-teams",
        (),
        checks.look_at_teams_app,
    ),
    Requirement(
        "attachments_place",
        "Place for followed attachments",
        "database",
        "Let the server write into its data directory, with some GB free",
        f"{OPERATOR}#data-directory",
        (ENGAGEMENT,),
        checks.look_at_attachments_place,
    ),
    Requirement(
        "places",
        "GeoLite2 file for places (optional)",
        "database",
        "Put GeoLite2-City.mmdb from MaxMind into the data directory if opens are to show places",
        "https://dev.maxmind.com/geoip/geolite2-free-geolocation-data/",
        (),
        checks.look_at_places,
        is_optional=True,
    ),
)
_CRM = (
    Requirement(
        "crm_reachable",
        "CRM reachable",
        "crm",
        "See that the address of the CRM is right and that this machine may reach it",
        CONFIGURATION,
        EVERY_FEATURE,
        checks.look_at_crm,
    ),
    Requirement(
        CRM_ONLINE,
        "CRM online, not on-premises",
        "crm",
        "With the CRM on-premises only the assistant's base cards work",
        f"{ADMIN}#whose-email-may-be-tracked",
        (CAPTURE, ENGAGEMENT),
    ),
    Requirement(
        "crm_application_user",
        "Application user in the CRM",
        "crm",
        "Add an application user for the registration in the Power Platform admin center",
        SCOPES_PAGE,
        EVERY_FEATURE,
    ),
    Requirement(
        "crm_act_on_behalf",
        "Application user may act for others (prvActOnBehalfOfAnotherUser)",
        "crm",
        "Give the application user a role with the privilege Act on Behalf of Another User",
        SCOPES_PAGE,
        EVERY_FEATURE,
    ),
    Requirement(
        "action_card_privileges",
        "Privileges Action Card and Action Card User Settings on all roles in use",
        "crm",
        "Built-in roles have them; add both, read and write, to the roles you made yourself",
        SCOPES_PAGE,
        (ASSISTANT,),
    ),
    Requirement(
        "server_side_synchronisation",
        "Server-side synchronisation of mailboxes",
        "crm",
        "Set incoming email of the mailbox to server-side synchronisation in the CRM",
        f"{ADMIN}#whose-email-may-be-tracked",
        (CAPTURE,),
        checks.look_at_synchronisation,
    ),
    Requirement(
        "approved_mailbox",
        "Mailboxes approved, tested and enabled",
        "crm",
        "Approve the mailbox in the CRM, then press Test & Enable there",
        f"{ADMIN}#whose-email-may-be-tracked",
        (CAPTURE,),
        checks.look_at_approval,
    ),
)
_MICROSOFT_365 = (
    Requirement(
        EXCHANGE_ONLINE,
        "Exchange Online, not on-premises",
        "mail",
        "With Exchange on-premises there is no auto capture, and the assistant has no Exchange cards",
        f"{ADMIN}#whose-email-may-be-tracked",
        (CAPTURE,),
    ),
    Requirement(
        "mail_reachable",
        "Mail server reachable",
        "mail",
        "See that this machine may reach the mail server; if it may, try again in a few minutes",
        CONFIGURATION,
        (CAPTURE,),
        checks.look_at_mail,
    ),
    Requirement(
        ENTRA_SIGN_IN,
        "Sign-in with Microsoft Entra",
        "directory",
        "Register an application in Microsoft Entra and set LIAISON_ENTRA_CLIENT_ID with what it needs",
        CONFIGURATION,
        (),
    ),
    Requirement(
        "sender",
        "Way to send followed email",
        "mail",
        "Choose how followed email leaves",
        CONFIGURATION,
        (ENGAGEMENT,),
    ),
)
_TITLES: dict[Kind, str] = {
    "delegated": "Delegated permission {} granted",
    "exchange": "Exchange role {} assigned",
    "entra": "Entra role {} granted",
}
_ACTIONS: dict[Kind, str] = {
    "delegated": "Open the consent link (bot command: consent) as a Global Administrator",
    "exchange": "Run the script that “liaison grants script” writes, as an Exchange Administrator",
    "entra": "Grant it to the application in Microsoft Entra, API permissions",
}


def _permission_rows(kind: Kind) -> list[Requirement]:
    return [
        Requirement(
            permission_name(kind, permission),
            _TITLES[kind].format(permission),
            "directory" if kind == "entra" else "mail",
            _ACTIONS[kind],
            EXCHANGE_RBAC if kind == "exchange" else SCOPES_PAGE,
            _needing(permission),
            is_optional=not _needing(permission),
        )
        for permission in permissions(kind)
    ]


def _needing(permission: str) -> tuple[str, ...]:
    """The features that do not work without a permission."""
    features = [scope.feature for scope in SCOPES if scope.permission == permission and not scope.is_optional]
    return EVERY_FEATURE if ALWAYS in features else tuple(features)


REQUIREMENTS = (
    *_OWN,
    *_CRM,
    *_MICROSOFT_365,
    *(row for kind in PREFIXES for row in _permission_rows(kind)),
)
