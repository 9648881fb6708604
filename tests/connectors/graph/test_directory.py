"""Domains and groups from Graph: nested groups, pages, and what is told while Graph is away."""

import re
from uuid import UUID

import pytest

from connectors.graph import directory
from connectors.graph.directory import GraphDirectory
from insights.errors import NotAllowed, SignInNeeded, Unavailable
from insights.model import Identity, User
from tests.connectors.graph.tenant import ANN, Tenant, mailbox_of
from tests.standins.graph.errors import GraphError
from tests.standins.graph.faults import Fault

pytestmark = pytest.mark.testdata


class NobodySignsIn:
    """A sign-in that nobody uses here."""

    async def identify(self, token: str) -> Identity:
        """Refuse everybody."""
        raise SignInNeeded("signed_out.none")

    async def sign_out(self, user: User) -> bool:
        """There is nothing to forget."""
        return False


@pytest.fixture
def entra(tenant: Tenant) -> GraphDirectory:
    users = {
        "ann": mailbox_of(ANN).reader,
        "away": User("away", "Away", "away@ours.example", object_id="0" * 36),
    }

    async def find_user(user_id: str) -> User | None:
        return users.get(user_id)

    return GraphDirectory(tenant.client, NobodySignsIn(), find_user, tenant.following.stop)


async def test_groups_count_through_others_and_only_those_for_rights(
    tenant: Tenant, entra: GraphDirectory
) -> None:
    directory = tenant.graph.directory
    ann_id = mailbox_of(ANN).reader.object_id
    directory.add_group("sellers", "Sellers", [ann_id])
    directory.add_group("everybody", "Everybody", ["sellers"])
    directory.add_group("friends", "Friends", [ann_id], is_security=False)
    directory.add_group("other", "Other", [])
    for number in range(120):  # more than a page
        directory.add_group(f"project {number}", f"Project {number}", [ann_id])
    found = await entra.groups("ann")
    assert found == {"sellers", "everybody", *(f"project {number}" for number in range(120))}
    assert await entra.groups("away") == frozenset()


async def test_members_count_through_other_groups_and_page_by_page(
    tenant: Tenant, entra: GraphDirectory
) -> None:
    directory = tenant.graph.directory
    ids = [str(UUID(int=number)) for number in range(1, 1102)]  # more than a page
    for number, object_id in enumerate(ids):
        tenant.graph.add_user(object_id, f"seller{number}@ours.example")
    directory.add_group("sellers", "Sellers", ids)
    directory.add_group("everybody", "Everybody", ["sellers", mailbox_of(ANN).reader.object_id])
    assert await entra.members("sellers") == set(ids)
    assert await entra.members("everybody") == {*ids, mailbox_of(ANN).reader.object_id}
    assert await entra.members("gone") == frozenset()


async def test_domains_are_asked_for_once_an_hour_and_survive_an_outage(
    tenant: Tenant, entra: GraphDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directory, "BUDGET_SECONDS", 0.2)
    fault = tenant.graph.faults.unavailable("organization", times=None, retry_after=0)
    with pytest.raises(Unavailable):
        await entra.own_domains()
    tenant.graph.faults.waiting.remove(fault)
    assert await entra.own_domains() == {"ours.example"}
    tenant.count()
    tenant.graph.directory.other_domains.append("Ours-Too.example")
    assert await entra.own_domains() == {"ours.example"}
    assert tenant.count() == 0
    monkeypatch.setattr(directory, "DOMAINS_SECONDS", 0.0)
    tenant.graph.faults.waiting.append(fault)
    assert await entra.own_domains() == {"ours.example"}
    tenant.graph.faults.clear()
    assert await entra.own_domains() == {"ours.example", "ours-too.example"}


async def test_a_permission_that_is_missing_is_named_and_the_domains_last_known_are_kept(
    tenant: Tenant, entra: GraphDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = GraphError(403, "Authorization_RequestDenied", "Insufficient privileges.")
    fault = Fault(re.compile("organization"), None, None, error)
    tenant.graph.faults.add(fault)
    with pytest.raises(NotAllowed) as refused:
        await entra.own_domains()
    assert refused.value.code == "domains_not_granted"
    assert "Organization.Read.All" in refused.value.detail
    assert "docs/scopes.md" in refused.value.do
    tenant.graph.faults.clear()
    assert await entra.own_domains() == {"ours.example"}
    monkeypatch.setattr(directory, "DOMAINS_SECONDS", 0.0)
    tenant.graph.faults.add(fault)
    assert await entra.own_domains() == {"ours.example"}
