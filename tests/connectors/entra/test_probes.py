"""Whether Entra believes the registration, and what its tokens say they are good for."""

import pytest

from connectors.entra.probes import look_at_sign_in
from connectors.graph.client import GraphClient
from connectors.graph.probes import mail_probes
from insights.errors import Unavailable
from insights.model import MET
from tests.connectors.entra.conftest import ANN, BOB, Join
from tests.standins.entra import EntraStandin, Fault
from tests.standins.entra.directory import GRAPH, PEOPLE


async def test_a_registration_that_is_believed_refused_and_believed_again(
    entra: EntraStandin, join: Join
) -> None:
    assert await look_at_sign_in((await join()).tokens, GRAPH) == MET
    refused = await look_at_sign_in((await join(entra_secret="another")).tokens, GRAPH)
    assert refused.state == "not met"
    assert "another" not in str(refused.cause)
    entra.records.faults.append(Fault(503))
    with pytest.raises(Unavailable):
        await look_at_sign_in((await join()).tokens, GRAPH)
    assert await look_at_sign_in((await join()).tokens, GRAPH) == MET


async def test_scopes_are_read_from_the_tokens_that_entra_gives(entra: EntraStandin, join: Join) -> None:
    liaison = await join()
    await liaison.sign_in.identify(entra.sign_in(PEOPLE[0]))
    graph = GraphClient(GRAPH, liaison.tokens)
    looks = mail_probes(graph, ANN)
    assert await looks["scope:Mail.Read"]() == await looks["scope:User.Read"]() == MET
    assert (await looks["scope:Mail.Send"]()).state == "not met"
    # This registration was given Mail.ReadBasic in Entra, where it holds for every mailbox.
    assert "every mailbox" in str((await looks["role:Application Mail.ReadBasic"]()).cause)
    with pytest.raises(Unavailable, match="nobody was named"):
        await mail_probes(graph, None)["scope:Mail.Read"]()
    await graph.close()


async def test_nobody_consented(entra: EntraStandin, join: Join) -> None:
    liaison = await join()
    await liaison.sign_in.identify(entra.sign_in(PEOPLE[1]))
    entra.tenant.applications[next(iter(entra.tenant.applications))].delegated.clear()
    graph = GraphClient(GRAPH, liaison.tokens)
    found = await mail_probes(graph, BOB)["scope:Mail.Read"]()
    await graph.close()
    assert found.state == "not met"
    assert str(found.cause) == "nobody has agreed to it yet"
