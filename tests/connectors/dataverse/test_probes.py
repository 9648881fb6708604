"""What `liaison doctor` finds at Dataverse: what the application user and the roles in use lack."""

import pytest

from connectors.dataverse.api import WebApi as Api
from connectors.dataverse.probes import crm_probes
from insights.crm.depths import CARD_PRIVILEGES
from insights.model import MET, Finding
from tests.connectors.dataverse.webapi import WebApi
from tests.contracts.crm_world import uid

pytestmark = pytest.mark.testdata


class Tokens:
    """Entra, which always has a token."""

    async def for_app(self, resource: str, *, claims: str = "", refused: str = "") -> str:
        return "t"

    async def for_user(self, user: object, resource: str, *, claims: str = "", refused: str = "") -> str:
        raise AssertionError("looks are made as the application")


async def look(web: WebApi, name: str) -> Finding:
    return await crm_probes(Api(web.standin.url, web.session, Tokens()))[name]()


async def test_an_organisation_that_is_set_up(web: WebApi) -> None:
    assert await look(web, "crm_application_user") == MET
    assert await look(web, "crm_act_on_behalf") == MET
    assert (await look(web, "crm_online")).state == "unknown"


async def test_an_application_that_the_crm_does_not_know(web: WebApi) -> None:
    web.standin.accepts = lambda _: False
    found = await look(web, "crm_application_user")
    assert found.state == "not met"
    assert "401" in str(found.cause)
    web.standin.accepts = bool
    assert await look(web, "crm_application_user") == MET


async def test_who_lacks_the_privileges_of_cards_is_counted(web: WebApi) -> None:
    before = await look(web, "action_card_privileges")
    [unit, *_] = (await web.get("businessunits?$select=businessunitid")).value
    user, role = uid("newcomer"), uid("own role")
    belongs = {"businessunitid": unit["businessunitid"]}
    web.standin.add(
        systemusers=[
            {"systemuserid": user, "fullname": "New", "internalemailaddress": "new@ours.example"} | belongs
        ],
        roles=[{"roleid": role, "name": "A role of our own"} | belongs],
        systemuserrolescollection=[{"systemuserid": user, "roleid": role}],
    )
    after = await look(web, "action_card_privileges")
    assert after.state == "not met"
    assert all(f"{name}: " in str(after.cause) for name in CARD_PRIVILEGES)
    assert before != after
    assert "new" not in str(after.cause)
