"""Who is in the groups and roles that features are on for: looked at when named, and now and then."""

from sqlalchemy import Connection

from insights import gate
from insights.services import Services


async def refresh_members(services: Services) -> int:
    """Look who is in every group and role that an audience names; how many of these have changed."""
    subjects = await services.database.read(_named)
    if not subjects:
        return 0
    users = await services.crm.users()
    changed = 0
    for kind, subject_id in subjects:
        if kind == gate.GROUP:
            members = await services.directory.members(subject_id)
            ids = [user.id for user in users if user.id in members or user.object_id in members]
        else:
            ids = [user.id for user in users if subject_id in user.roles]
        changed += await services.database.write(gate.keep_members, (kind, subject_id), ids)
    return changed


def _named(connection: Connection) -> list[gate.Subject]:
    """The groups and roles of all audiences, each once."""
    audiences = gate.select_audiences(connection).values()
    return sorted({each for subjects in audiences for each in subjects if each[0] != gate.USER})
