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
        "database",
        OPERATOR,
        EVERY_FEATURE,
        checks.look_at_database,
    ),
    Requirement(
        "jobs",
        "database",
        f"{OPERATOR}#health",
        EVERY_FEATURE,
        checks.look_at_jobs,
    ),
    Requirement(
        "keys",
        "database",
        f"{OPERATOR}#data-directory",
        (),
        checks.look_at_keys,
    ),
    Requirement(
        "public_url",
        "database",
        f"{OPERATOR}#behind-a-proxy-on-iis",
        (),
        checks.look_at_public_url,
    ),
    Requirement(
        "bot",
        "database",
        f"{ADMIN}#outlook-and-teams",
        (),
        checks.look_at_bot,
    ),
    Requirement(
        "teams_app",
        "database",
        f"{ADMIN}#outlook-and-teams",
        (),
        checks.look_at_teams_app,
    ),
    Requirement(
        "attachments_place",
        "database",
        f"{OPERATOR}#data-directory",
        (ENGAGEMENT,),
        checks.look_at_attachments_place,
    ),
    Requirement(
        "places",
        "database",
        "https://dev.maxmind.com/geoip/geolite2-free-geolocation-data/",
        (),
        checks.look_at_places,
        is_optional=True,
    ),
)
_CRM = (
    Requirement(
        "crm_reachable",
        "crm",
        CONFIGURATION,
        EVERY_FEATURE,
        checks.look_at_crm,
    ),
    Requirement(
        CRM_ONLINE,
        "crm",
        f"{ADMIN}#whose-email-may-be-tracked",
        (CAPTURE, ENGAGEMENT),
    ),
    Requirement(
        "crm_application_user",
        "crm",
        SCOPES_PAGE,
        EVERY_FEATURE,
    ),
    Requirement(
        "crm_act_on_behalf",
        "crm",
        SCOPES_PAGE,
        EVERY_FEATURE,
    ),
    Requirement(
        "action_card_privileges",
        "crm",
        SCOPES_PAGE,
        (ASSISTANT,),
    ),
    Requirement(
        "server_side_synchronisation",
        "crm",
        f"{ADMIN}#whose-email-may-be-tracked",
        (CAPTURE,),
        checks.look_at_synchronisation,
    ),
    Requirement(
        "approved_mailbox",
        "crm",
        f"{ADMIN}#whose-email-may-be-tracked",
        (CAPTURE,),
        checks.look_at_approval,
    ),
)
_MICROSOFT_365 = (
    Requirement(
        EXCHANGE_ONLINE,
        "mail",
        f"{ADMIN}#whose-email-may-be-tracked",
        (CAPTURE,),
    ),
    Requirement(
        "mail_reachable",
        "mail",
        CONFIGURATION,
        (CAPTURE,),
        checks.look_at_mail,
    ),
    Requirement(
        ENTRA_SIGN_IN,
        "directory",
        CONFIGURATION,
        (),
    ),
    Requirement(
        "sender",
        "mail",
        CONFIGURATION,
        (ENGAGEMENT,),
    ),
)


def _permission_rows(kind: Kind) -> list[Requirement]:
    return [
        Requirement(
            permission_name(kind, permission),
            "directory" if kind == "entra" else "mail",
            EXCHANGE_RBAC if kind == "exchange" else SCOPES_PAGE,
            _needing(permission),
            is_optional=not _needing(permission),
            text=kind,
            permission=permission,
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
