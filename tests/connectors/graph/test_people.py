"""Who Graph says a message is from and to: a name of Exchange is no address, the name of a person stays."""

import pytest

from connectors.graph.messages import read_found, read_header

ORGANIZATION_ID = "0f6d8a3e-8c0c-4f65-9a28-5d1a4c1f7b11"
LEGACY = [
    "/O=EXCHANGELABS/OU=EXCHANGE ADMINISTRATIVE GROUP/CN=RECIPIENTS/CN=ABC-TEST",
    "IMCEAEX-_O=EXCHANGELABS_OU=X_CN=abc-test@eurprd01.prod.outlook.com",
]


def person(name: str, address: str) -> dict[str, dict[str, str]]:
    return {"emailAddress": {"name": name, "address": address}}


@pytest.mark.parametrize("legacy", LEGACY)
@pytest.mark.parametrize("name", ["Test", ""])
def test_a_name_of_exchange_is_no_address(legacy: str, name: str) -> None:
    told = {
        "internetMessageId": "<one@x.example>",
        "receivedDateTime": "2026-11-02T09:30:00Z",
        "from": person(name or legacy, legacy),
        "toRecipients": [person("Ann", "ann@ours.example"), person("Bob", legacy)],
        "ccRecipients": [person("undisclosed-recipients:;", "undisclosed-recipients:;")],
    }
    found, header = read_found(told, ORGANIZATION_ID), read_header(told, ORGANIZATION_ID)
    assert found is not None
    assert header is not None
    message = found.message
    assert (message.sender, message.sender_name) == ("", name)
    assert (message.to, message.cc) == (header.to, header.cc) == (("ann@ours.example",), ())
    assert [each for each in message.participants if each] == ["ann@ours.example"]
