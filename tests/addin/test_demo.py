"""The demo's mailbox reader, on the small company instead of the big one."""

import pytest
from pytest_aiohttp import AiohttpClient

import app
from insights.services import Services
from insights.settings import Settings
from tests.conftest import Client


@pytest.fixture
async def demo(settings: Settings, aiohttp_client: AiohttpClient, monkeypatch: pytest.MonkeyPatch) -> Client:
    async def leave_as_it_is(_services: Services) -> None:
        """The company is there already."""

    monkeypatch.setattr("connectors.embedded.demo.seed", leave_as_it_is)
    return await aiohttp_client(app.create_app(settings, is_demo=True))


async def test_whoever_one_is_one_reads_their_own_mailbox(demo: Client) -> None:
    users = (await (await demo.get("/demo/api/users")).json())["items"]
    assert [user["name"] for user in users] == ["Ann Beebe", "Bob Kahn", "Rut Olsen"]
    answer = await (await demo.post("/demo/api/token", json={"user": "bob@ours.example"})).json()
    assert answer["user"]["id"] == "bob"
    headers = {"Authorization": f"Bearer {answer['token']}"}
    me = await (await demo.get("/api/v1/me", headers=headers)).json()
    assert me["user"]["name"] == "Bob Kahn"
    first = await (await demo.get("/demo/api/messages?limit=1", headers=headers)).json()
    second = await (
        await demo.get("/demo/api/messages", params={"cursor": first["next"]}, headers=headers)
    ).json()
    found = first["items"] + second["items"]
    assert {message["subject"] for message in found} == {"Delivery 3", "Delivery bobs"}
    assert {message["from"] for message in found} == {"ana@fabrikam.example"}
    opened = await (await demo.get(f"/demo/api/messages/{found[0]['id']}", headers=headers)).json()
    assert "see you soon" in opened["text"]
    token = (await (await demo.post("/demo/api/token", json={"user": "ann"})).json())["token"]
    ann = {"Authorization": f"Bearer {token}"}
    bobs = next(message["id"] for message in found if message["subject"] == "Delivery bobs")
    hidden = await demo.get(f"/demo/api/messages/{bobs}", headers=ann)
    assert (hidden.status, (await hidden.json())["code"]) == (404, "unknown_email")
    assert (await demo.get("/demo/api/messages")).status == 401
    assert (await demo.post("/demo/api/token", json={"user": "nobody"})).status == 404


async def test_the_demo_calls_no_other_server(demo: Client) -> None:
    for path in ("/", "/demo", "/addin/pane"):
        response = await demo.get(path)
        assert response.status == 200
        assert "https://" not in (await response.text()).replace("https://www.w3.org", "")


async def test_other_host_names_are_refused_everywhere(demo: Client) -> None:
    for path in ("/", "/demo/api/users", "/api/v1/me", "/healthz"):
        response = await demo.get(path, headers={"Host": "rebound.example"})
        assert response.status == 421
        assert response.content_type == "application/problem+json"
