"""Users, groups, domains and the organisation: what Entra keeps."""

from dataclasses import dataclass, field
from uuid import NAMESPACE_URL, uuid5

from tests.standins.graph.errors import resource_not_found
from tests.standins.graph.mailbox import Mailbox
from tests.standins.graph.wire import Json

TENANT_ID = "7a1c3c5e-54d1-4f3b-8f0e-0d7f0f6c2a11"
DEFAULT_SELECT = (
    "businessPhones",
    "displayName",
    "givenName",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
    "id",
)


@dataclass(eq=False)
class User:
    """A user by Graph's property names; `mailbox` is None for those without one in Exchange Online."""

    values: Json
    mailbox: Mailbox | None = None
    people: list[Json] = field(default_factory=list)

    @property
    def id(self) -> str:
        """The Entra object id."""
        return str(self.values["id"])

    @property
    def address(self) -> str:
        """The primary address, lower-case."""
        return str(self.values["mail"]).lower()

    @property
    def name(self) -> str:
        """The name that people see."""
        return str(self.values["displayName"])

    def names(self) -> set[str]:
        """Everything that names the user's mailbox, lower-case: addresses and the principal name."""
        proxies = {str(proxy).lower().removeprefix("smtp:") for proxy in self.values["proxyAddresses"]}
        return {self.address, str(self.values["userPrincipalName"]).lower(), *proxies}


@dataclass
class Directory:
    """Users and groups by id."""

    users: dict[str, User] = field(default_factory=dict)
    groups: dict[str, Json] = field(default_factory=dict)
    members: dict[str, set[str]] = field(default_factory=dict)
    """Ids of users and groups that are directly in a group."""
    other_domains: list[str] = field(default_factory=list)

    def find(self, name: str) -> User | None:
        """A user by object id or principal name, as in `/users/{id|upn}`, or by another address."""
        if name in self.users:
            return self.users[name]
        return next((user for user in self.users.values() if name.lower() in user.names()), None)

    def require(self, name: str) -> User:
        """The same, raising the directory's 404; here only the id and the principal name count."""
        user = self.find(name)
        if user is None or (name != user.id and name.lower() != user.values["userPrincipalName"].lower()):
            raise resource_not_found(name)
        return user

    def add_group(self, group_id: str, name: str, members: list[str], *, is_security: bool = True) -> Json:
        """A group with users and groups in it."""
        self.members[group_id] = set(members)
        self.groups[group_id] = {
            "id": group_id,
            "displayName": name,
            "description": None,
            "groupTypes": [] if is_security else ["Unified"],
            "mail": None,
            "mailEnabled": not is_security,
            "mailNickname": name.replace(" ", ""),
            "securityEnabled": is_security,
            "visibility": None,
        }
        return self.groups[group_id]

    def groups_of(self, member_id: str, *, is_transitive: bool) -> list[Json]:
        """The groups somebody is in, directly or through others."""
        found: dict[str, Json] = {}
        asked = [member_id]
        while asked:
            inside = asked.pop()
            for group_id, members in self.members.items():
                if inside in members and group_id not in found:
                    found[group_id] = self.groups[group_id]
                    asked += [group_id] if is_transitive else []
        return list(found.values())

    def members_of(self, group_id: str) -> "list[User]":
        """The users in a group, directly or through others."""
        inside = [
            user
            for user in self.users.values()
            if any(group["id"] == group_id for group in self.groups_of(user.id, is_transitive=True))
        ]
        return sorted(inside, key=lambda user: user.id)

    def domains(self) -> list[str]:
        """Verified domains, the first user's first: the default one."""
        own = [user.address.partition("@")[2] for user in self.users.values()]
        return list(dict.fromkeys([*own, *self.other_domains]))


def new_user(user_id: str, address: str, name: str, values: Json) -> User:
    """A user with what Entra would fill in."""
    given_name, _, surname = name.partition(" ")
    return User(
        {
            "businessPhones": [],
            "displayName": name,
            "givenName": given_name or None,
            "jobTitle": None,
            "mail": address,
            "mobilePhone": None,
            "officeLocation": None,
            "preferredLanguage": "en-US",
            "surname": surname or None,
            "userPrincipalName": address,
            "id": user_id,
            "accountEnabled": True,
            "userType": "Member",
            "proxyAddresses": [f"SMTP:{address}"],
            "otherMails": [],
            "department": None,
            "companyName": None,
            "usageLocation": None,
        }
        | values
    )


def user_id_of(address: str) -> str:
    """The object id given to a user who comes without one."""
    return str(uuid5(NAMESPACE_URL, f"user {address.lower()}"))
