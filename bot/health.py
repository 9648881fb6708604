"""What Liaison needs, whether it is there, and the link that grants it."""

from bot.rows import Command
from bot.turns import Answer, Turn
from cards.consent import consent_card
from cards.requirements import requirements_card
from insights.grants.link import read_grants
from insights.requirements.examining import read_requirements


async def _requirements(turn: Turn, _: str) -> Answer:
    return Answer(requirements_card(await read_requirements(turn.services, turn.user), turn.words))


async def _consent(turn: Turn, _: str) -> Answer:
    return Answer(consent_card(await read_grants(turn.services, turn.user), turn.words))


COMMANDS = (
    Command("requirements", _requirements, is_admin=True),
    Command("consent", _consent, is_admin=True),
)
