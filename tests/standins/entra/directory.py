"""Who and what a tenant of the stand-in knows: people, registered applications, resources."""

from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography.x509 import Certificate

TENANT = "8d1b3c5a-0f2e-4a6b-9c7d-1e2f3a4b5c6d"
APP_ID = "1fcd2a44-6a2c-4bd0-8b1e-3c1b3a6f9d10"
API_SCOPE = "access_as_user"
GRAPH, DATAVERSE_SUFFIX = "https://graph.microsoft.com", ".dynamics.com"


@dataclass(frozen=True, slots=True)
class Person:
    """An account of the tenant."""

    object_id: str
    name: str
    address: str


PEOPLE = (
    Person("11111111-1111-4111-8111-111111111111", "Ann Seller", "ann@ours.example"),
    Person("22222222-2222-4222-8222-222222222222", "Bob Seller", "bob@ours.example"),
    Person("33333333-3333-4333-8333-333333333333", "Root Admin", "root@ours.example"),
)


@dataclass
class Application:
    """A registration: how it proves itself, where people return to, what it was granted."""

    app_id: str = APP_ID
    secrets: set[str] = field(default_factory=set)
    certificates: list[Certificate] = field(default_factory=list)
    federated_subjects: set[str] = field(default_factory=set)
    """Managed identities (object ids) whose tokens count as the application's own assertion."""
    redirect_uris: set[str] = field(default_factory=set)
    delegated: dict[str, list[str]] = field(default_factory=dict)
    """Scopes consented for everybody, by resource."""
    roles: dict[str, list[str]] = field(default_factory=dict)
    """Application permissions, by resource."""
    token_version: int = 2

    @property
    def names(self) -> set[str]:
        """What a token for this application may name as its audience."""
        return {self.app_id, f"api://{self.app_id}"}


def is_own_name(application: Application, resource: str) -> bool:
    """Whether a resource is the application itself, also as `api://host/id` or `api://host/botid-id`."""
    names = {application.app_id, f"botid-{application.app_id}"}
    return resource == application.app_id or (
        resource.startswith("api://") and resource.rpartition("/")[2] in names
    )


@dataclass
class Tenant:
    """Everything the stand-in knows, and the clock it goes by (seconds since 1970)."""

    now: Callable[[], float]
    tenant_id: str = TENANT
    people: dict[str, Person] = field(default_factory=lambda: {one.object_id: one for one in PEOPLE})
    applications: dict[str, Application] = field(default_factory=dict)
    resources: set[str] = field(default_factory=lambda: {GRAPH})
    """Addresses of the services that tokens are issued for; Dataverse environments are known by name."""

    def knows(self, resource: str) -> bool:
        """Whether a service principal of this name is there."""
        if resource in self.resources or any(
            is_own_name(application, resource) for application in self.applications.values()
        ):
            return True
        return resource.startswith("https://") and resource.endswith(DATAVERSE_SUFFIX)
