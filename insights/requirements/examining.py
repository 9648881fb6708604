"""Looks at all requirements at the same time, each within a time of its own; what fails is unknown."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence

import structlog

from insights import access
from insights.errors import Problem
from insights.features import FEATURES, Feature
from insights.gate import features_in_use
from insights.model import MET, Finding, User
from insights.ports import Probing
from insights.requirements.requirement import Requirement
from insights.requirements.setup import Setup
from insights.requirements.table import EVERY_FEATURE, REQUIREMENTS
from insights.requirements.views import RequirementItem, RequirementList
from insights.services import Services
from insights.words import Phrase, Said, say

LIMIT = 10.0
"""Seconds that one look may take."""
NAMED = 3
"""How many lacking requirements a feature's line names."""
WORST = ("met", "unknown", "not met")
_LACKS = {
    ("not met", True): "lacks",
    ("not met", False): "would_lack",
    ("unknown", True): "not_known",
    ("unknown", False): "would_not_be_known",
}
log = structlog.get_logger(__name__)
Look = Callable[[], Awaitable[Finding]]
Findings = Mapping[str, Finding]


async def read_requirements(services: Services, user: User) -> RequirementList:
    """Every requirement as it is now, tried with the caller's mailbox; for administrators."""
    await access.require(services, user, admin=True)
    findings = await examine(Setup.of(services, user))
    features_on = await services.database.read(features_in_use)
    return RequirementList(items=list_requirements(findings, features_on, services.settings.public_url))


async def examine(
    setup: Setup, *, only: Iterable[str] | None = None, limit: float = LIMIT
) -> dict[str, Finding]:
    """Requirement → finding, in the order of the table; `only` names the rows to look at."""
    wanted = None if only is None else set(only)
    rows = [row for row in REQUIREMENTS if wanted is None or row.name in wanted]
    probes = _probes(setup)
    looks = [(row, look) for row in rows for look in _looks(row, setup, probes)]
    found = await asyncio.gather(*(_look(row.name, look, limit) for row, look in looks))
    findings = {row.name: _unanswered(row, setup) for row in rows}
    answered: dict[str, list[Finding]] = {}
    for (row, _), finding in zip(looks, found, strict=True):
        answered.setdefault(row.name, []).append(finding)
    return findings | {name: worst(several) for name, several in answered.items()}


def list_requirements(
    findings: Findings, features_on: Collection[str], base_url: str
) -> list[RequirementItem]:
    """The findings as they are told, features last; `base_url` leads to our own pages."""
    rows = [row for row in REQUIREMENTS if row.name in findings]
    items = [_item(row, _weighed(row, findings[row.name], features_on), base_url) for row in rows]
    return items + [_feature_item(feature, findings, features_on, base_url) for feature in FEATURES]


def worst(findings: Sequence[Finding]) -> Finding:
    """The one that says most: not met before unknown before met."""
    return max(findings, key=lambda finding: WORST.index(finding.state))


def _probes(setup: Setup) -> dict[str, list[Look]]:
    """What the connectors look at, by requirement; several may look at the same."""
    probes: dict[str, list[Look]] = {}
    connectors: tuple[object, ...] = (setup.crm, setup.mail, setup.directory)
    for connector in connectors:
        if isinstance(connector, Probing):
            for name, look in connector.probes(setup.user).items():
                probes.setdefault(name, []).append(look)
    return probes


def _looks(row: Requirement, setup: Setup, probes: Mapping[str, list[Look]]) -> list[Look]:
    own = row.look
    return [*([] if own is None else [lambda: own(setup)]), *probes.get(row.name, [])]


async def _look(name: str, look: Look, limit: float) -> Finding:
    try:
        async with asyncio.timeout(limit):
            return await look()
    except TimeoutError:
        return Finding("unknown", say("why.there_no_answer_within_seconds", limit=f"{limit:g}"))
    except Problem as problem:
        return Finding("unknown", problem.cause)
    except Exception as error:  # noqa: BLE001  a bug of one look must not hide what the others found
        log.error("look failed", requirement=name, error=type(error).__name__)  # noqa: TRY400  no words of it
        return Finding("unknown", say("why.something_unexpected_happened", name=type(error).__name__))


def _unanswered(row: Requirement, setup: Setup) -> Finding:
    """What is known about a row that nobody looked at."""
    problem = setup.problems.get(row.part)
    if problem:
        return Finding("unknown", problem.cause)
    return Finding("unknown", say("why.what_set_up_does_not"))


def _weighed(row: Requirement, finding: Finding, features_on: Collection[str]) -> Finding:
    """The finding; what nothing needs that is turned on does not count as missing."""
    if finding.state != "not met":
        return finding
    if row.is_optional:
        return Finding("unknown", say("why.optional", cause=finding.cause))
    if row.features and row.features != EVERY_FEATURE and not set(row.features) & set(features_on):
        return Finding("unknown", say("why.nothing_turned_on_needs", cause=finding.cause))
    return finding


def _item(row: Requirement, finding: Finding, base_url: str) -> RequirementItem:
    return RequirementItem(
        requirement=row.title,
        state=finding.state,
        cause=finding.cause,
        action="" if finding.state == "met" else row.action,
        link=f"{base_url}{row.link}" if row.link.startswith("/") else row.link,
    )


def _feature_item(
    feature: Feature, findings: Findings, features_on: Collection[str], base_url: str
) -> RequirementItem:
    """Whether a feature has all it needs; the cause names what it lacks, or would lack while it is off."""
    needed = [row for row in REQUIREMENTS if feature.name in row.features and row.name in findings]
    finding = worst([MET, *(findings[row.name] for row in needed)])
    lacking = [row.title for row in needed if findings[row.name].state == finding.state != "met"]
    is_on = feature.name in features_on
    lacks = say(f"feature_has.{_LACKS[finding.state, is_on]}", rows=_some(lacking)) if lacking else ""
    cause: Said = lacks
    if not feature.is_built:
        built = say("feature.not_built")
        cause = say("feature_has.both", lacks=lacks, built=built) if lacks else built
    return RequirementItem(
        requirement=say("feature_has.title", feature=feature.title),
        state=finding.state if is_on or finding.state == "met" else "unknown",
        cause=cause,
        action=say("feature_has.action") if lacking else "",
        link=f"{base_url}/docs/admin.md#turning-features-on",
    )


def _some(titles: Sequence[Phrase]) -> Sequence[Phrase]:
    """The first of them, and how many more there are."""
    more = [say("feature_has.more", count=len(titles) - NAMED)] if len(titles) > NAMED else []
    return [*titles[:NAMED], *more]
