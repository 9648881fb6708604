"""Who signs in, and whose mailboxes they read."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class User:
    """A CRM user: `id` is the `systemuserid`, `email` also names the mailbox."""

    id: str
    name: str
    email: str
    roles: tuple[str, ...] = ()
    privileges: frozenset[str] = frozenset()
    """Privilege names as in Dataverse, `prvReadActionCard` for one."""
    object_id: str = ""
    """The account in Entra (`azureactivedirectoryobjectid`), lower case; "" where the CRM names none."""

    @property
    def is_admin(self) -> bool:
        """Whether the user administers Liaison."""
        return "System Administrator" in self.roles

    @property
    def mailbox(self) -> "Mailbox":
        """The user's own mailbox."""
        return Mailbox(self.email, self)


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A mailbox by its address, and who reads it: its owner, or somebody it is shared with."""

    address: str
    reader: User


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom a token proves: an Entra account by object id, else a CRM user by `systemuserid` or address."""

    object_id: str = ""
    user: str = ""


@dataclass(frozen=True, slots=True)
class MailboxState:
    """A user's row of the table `mailbox`, reduced to what decides about tracking."""

    synchronisation: Literal["server", "forward", "none"] = "server"
    approved: bool = True
    tested: bool = True
