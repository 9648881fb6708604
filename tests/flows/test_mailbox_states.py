"""The mailbox's state in the CRM decides what is offered, and every refusal says why."""

import pytest

from tests.flows.liaison import COMPANY, Liaison, letter

APPROVED = {"emailrouteraccessapproval": "1", "isemailaddressapprovedbyo365admin": "1"}
STATES = {
    "approved and tested": (
        {"incomingemaildeliverymethod": "2", "incomingemailstatus": "1", **APPROVED},
        None,
    ),
    "not approved": (
        {"incomingemaildeliverymethod": "2", "incomingemailstatus": "1", "emailrouteraccessapproval": "0"},
        "mailbox_not_approved",
    ),
    "not tested": (
        {"incomingemaildeliverymethod": "2", "incomingemailstatus": "0", **APPROVED},
        "mailbox_not_tested",
    ),
    "no synchronisation": ({"incomingemaildeliverymethod": "0", **APPROVED}, "mailbox_not_synchronised"),
    "forward mailbox": ({"incomingemaildeliverymethod": "3", **APPROVED}, "forward_mailbox"),
}


@pytest.mark.parametrize("state", STATES)
async def test_what_is_offered(installation: Liaison, state: str) -> None:
    columns, code = STATES[state]
    mailbox = {"mailboxid": "m1", "name": "Ann", "emailaddress": "ann@ours.example", **columns}
    mailbox |= {"regardingobjectid": "ann", "regardingobjectidtype": "systemuser"}
    installation.import_crm({**COMPANY, "mailboxes": [mailbox]})
    installation.import_mail("ann@ours.example", [letter(1)])
    async with installation:
        await installation.turn_on("auto_capture")
        page = await installation.get("ann", "/api/v1/records/contact/ana/activities")
        assert len(page["items"]) == (0 if state == "forward mailbox" else 1)
        opened = await installation.get("ann", "/api/v1/emails", internet_message_id="<1@mail.example>")
        path = f"/api/v1/emails/{opened['item']['id']}/track"
        if code is None:
            assert opened["item"]["may"] == ["track"]
            assert page["notice"] is None
            await installation.post("ann", path, status=202)
            return
        problem = await installation.post("ann", path, status=409)
        assert problem["code"] == code
        assert opened["item"]["may"] == []
        assert page["notice"]
        assert opened["notice"]
