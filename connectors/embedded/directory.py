"""The embedded directory: its users and groups are the embedded CRM's, its tokens are signed by us."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import jwt
from sqlalchemy import Connection, and_, select

from connectors.embedded.crm.tables import addresses, lookups
from connectors.embedded.probes import Probes, directory_probes
from insights.database import Database
from insights.errors import NotSignedIn
from insights.mail.addresses import domain_of
from insights.model import Identity, User

MEMBER, TEAM = lookups.alias(), lookups.alias()
IS_MEMBERSHIP = and_(
    MEMBER.c.table_name == TEAM.c.table_name,
    MEMBER.c.row_id == TEAM.c.row_id,
    MEMBER.c.table_name == "teammembership",
    MEMBER.c.column_name == "systemuserid",
    TEAM.c.column_name == "teamid",
)
"""The two lookups of a row of `teammembership`."""
ISSUER, AUDIENCE, ALGORITHM = "liaison", "liaison-api", "HS256"


class EmbeddedDirectory:
    """Bearer tokens by HS256: the first key signs, all verify. They name no host, so they hold for any."""

    def __init__(self, database: Database, *, keys: Sequence[str], now: Callable[[], datetime]) -> None:
        self._database, self._keys, self._now = database, tuple(keys), now

    def issue_token(self, user_id: str, hours: float = 8) -> str:
        """A token for the `systemuserid`, valid from now on for so many hours."""
        now = self._now()
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": user_id,
            "iat": int(now.timestamp()),
            "exp": int((now + timedelta(hours=hours)).timestamp()),
        }
        return jwt.encode(claims, self._keys[0], ALGORITHM)

    async def identify(self, token: str) -> Identity:
        """The user a token of ours proves; raises NotSignedIn, and does not say why."""
        for key in self._keys:
            if user_id := self._read(token, key):
                return Identity(user=user_id)
        raise NotSignedIn("bad_token.identify")

    async def sign_out(self, user: User) -> bool:
        """False: its tokens are the client's alone, nothing of them is kept."""
        return False

    async def own_domains(self) -> frozenset[str]:
        """The mail domains of all users."""
        return await self._database.read(_own_domains)

    async def groups(self, user_id: str) -> frozenset[str]:
        """The teams the user is a member of; teams of teams do not exist."""
        return await self._database.read(_teams, user_id)

    async def members(self, group_id: str) -> frozenset[str]:
        """Ids of the users in a team of the CRM."""
        return await self._database.read(_members, group_id)

    def probes(self, _user: User | None) -> Probes:
        """What `liaison doctor` looks at (`ports.Probing`)."""
        return directory_probes()

    def _read(self, token: str, key: str) -> str | None:
        """The subject of a valid token; time is compared here, since PyJWT has a clock of its own."""
        try:
            claims = jwt.decode(
                token,
                key,
                [ALGORITHM],
                audience=AUDIENCE,
                issuer=ISSUER,
                options={
                    "require": ["exp", "sub", "aud", "iss"],
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                },
            )
        except (jwt.PyJWTError, ValueError, RecursionError):
            return None
        subject, expires = claims["sub"], claims["exp"]
        if not isinstance(subject, str) or not isinstance(expires, int | float):
            return None
        return subject if self._now().timestamp() < expires else None


def select_addresses(connection: Connection) -> list[str]:
    """The main addresses of all users, disabled ones too."""
    query = select(addresses.c.address).where(
        addresses.c.table_name == "systemuser", addresses.c.column_name == "internalemailaddress"
    )
    return list(connection.scalars(query))


def _own_domains(connection: Connection) -> frozenset[str]:
    return frozenset(domain for each in select_addresses(connection) if (domain := domain_of(each)))


def _teams(connection: Connection, user_id: str) -> frozenset[str]:
    query = select(TEAM.c.target_id).where(IS_MEMBERSHIP, MEMBER.c.target_id == user_id)
    return frozenset(connection.scalars(query))


def _members(connection: Connection, team_id: str) -> frozenset[str]:
    query = select(MEMBER.c.target_id).where(IS_MEMBERSHIP, TEAM.c.target_id == team_id)
    return frozenset(connection.scalars(query))
