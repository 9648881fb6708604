"""What changes seldom and every read asks for: the schema, and who stands where in the organisation.

A number in the database grows whenever users, roles, teams, business units or custom tables change;
what is kept in memory is good for as long as the number stays, in every process.
"""

from sqlalchemy import Connection, select

from connectors.embedded.crm.access import EVERYTHING, Access, Rights, read_rights
from connectors.embedded.crm.customizing import read_schema
from connectors.embedded.crm.schema import Schema
from connectors.embedded.crm.tables import structure
from connectors.embedded.crm.users import find_readers, find_user, find_user_id
from insights.model import User

APPLICATION = User("", "", "")


class Structure:
    """Schema, rights and numbers of readers, as of one number."""

    def __init__(self, standard: Schema, number: int = -1, schema: Schema | None = None) -> None:
        self.number, self.schema = number, schema or standard
        self._standard = standard
        self._rights: dict[tuple[str, tuple[str, ...]], Rights] = {}
        self._readers: dict[tuple[str, str], frozenset[str]] = {}
        self._users: dict[str, User] = {}
        self._object_ids: dict[str, str] = {}

    def renewed(self, connection: Connection) -> "Structure":
        """Itself while it is good, else an empty one of the present number."""
        number = connection.execute(select(structure.c.number)).scalar() or 0
        if number == self.number:
            return self
        return Structure(self._standard, number, read_schema(connection, self._standard))

    def user(self, connection: Connection, id_or_email: str) -> User | None:
        """An enabled user with roles and privileges."""
        user = self._users.get(id_or_email) or find_user(connection, id_or_email)
        if user:  # who is unknown is not kept: the names strangers may try have no end
            self._users[id_or_email] = user
        return user

    def user_by_object_id(self, connection: Connection, object_id: str) -> User | None:
        """The same by Entra object id."""
        user_id = self._object_ids.get(object_id) or find_user_id(connection, object_id)
        if user_id is None:
            return None
        self._object_ids[object_id] = user_id
        return self.user(connection, user_id)

    def access(self, connection: Connection, user: User | None) -> Access:
        """What a user may read; None is the application itself."""
        if user is None:
            return Access(connection, self.schema, APPLICATION, EVERYTHING)
        key = (user.id, user.roles)
        rights = self._rights.get(key)
        if rights is None:
            rights = self._rights[key] = read_rights(connection, self.schema, user)
        return Access(connection, self.schema, user, rights)

    def readers(self, connection: Connection, owner_id: str, table: str) -> frozenset[str]:
        """The enabled users who may read a row of this table and owner."""
        key = (owner_id, table)
        found = self._readers.get(key)
        if found is None:
            found = self._readers[key] = find_readers(connection, self.schema, owner_id, table)
        return found
