"""Which features cannot work here at all: product.md §5.2, by CRM and mail server."""

from insights import gate
from insights.features import FEATURES
from insights.model import Finding
from insights.requirements.examining import Findings, examine
from insights.requirements.setup import Setup
from insights.requirements.table import CRM_ONLINE, EXCHANGE_ONLINE
from insights.scopes import CAPTURE, ENGAGEMENT
from insights.services import Services

DECIDING = {
    CRM_ONLINE: (CAPTURE, ENGAGEMENT),
    EXCHANGE_ONLINE: (CAPTURE,),
}
"""Requirement → features that are unavailable where it is not met."""


async def look_at_availability(services: Services) -> int:
    """Note which features are unavailable, for all who ask; how many that changed for."""
    findings = await examine(Setup.of(services, None), only=DECIDING)
    before = await services.database.read(gate.select_states)
    known = {feature.name: before.get(feature.name, gate.CLOSED).obstacle for feature in FEATURES}
    obstacles = {name: _reason(name, findings, why) for name, why in known.items()}
    if obstacles == known:
        return 0
    return await services.database.write(gate.note_obstacles, obstacles, services.clock())


def _reason(feature: str, findings: Findings, before: str) -> str:
    """The requirement for lack of which a feature is unavailable, ""; what is not known stays as it was."""
    deciding = [name for name, features in DECIDING.items() if feature in features]
    unknown = Finding("unknown")
    states = {name: findings.get(name, unknown).state for name in deciding}
    for name, state in states.items():
        if state == "not met":
            return name
    return before if "unknown" in states.values() else ""
