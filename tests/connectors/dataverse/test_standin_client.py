"""Microsoft's own Python client works on the stand-in, and the command starts it by hand."""

import asyncio
import ssl
import sys
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiohttp import ClientSession
from azure.core.credentials import AccessToken, TokenCredential
from PowerPlatform.Dataverse.client import DataverseClient
from PowerPlatform.Dataverse.core.errors import HttpError

from tests.standins.dataverse import running_dataverse

pytestmark = pytest.mark.testdata
ROOT = Path(__file__).parents[3]


class OneToken(TokenCredential):
    """A credential that always has the same token."""

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        return AccessToken("t", 2**31)


def use(url: str) -> list[Any]:
    """Create, read, update, list and delete accounts as anybody would with that client."""
    with DataverseClient(url, OneToken()) as client:
        ids = [client.records.create("account", {"name": f"Client {n}", "telephone1": "1"}) for n in range(5)]
        client.records.update("account", ids[0], {"telephone1": "2"})
        read = client.records.retrieve("account", ids[0], select=["name", "telephone1"])
        asked: dict[str, Any] = {
            "filter": "contains(name,'client')",
            "orderby": ["name desc"],
            "select": ["name"],
        }
        pages = [
            [row["name"] for row in page]
            for page in client.records.list_pages("account", page_size=2, **asked)
        ]
        top = [row["name"] for row in client.records.list("account", top=2, **asked)]
        client.records.delete("account", ids[0])
        gone = client.records.retrieve("account", ids[0])
        with pytest.raises(HttpError) as refused:
            client.records.create("account", {"nonsense": 1})
        batch = client.batch.new()
        batch.records.create("account", {"name": "In a batch"})
        with batch.changeset() as changes:
            made = changes.records.create("contact", {"lastname": "In a change set"})
            changes.records.update("account", ids[1], {"primarycontactid@odata.bind": made})
        done = [answer.status_code for answer in batch.execute().responses]
        return [
            read and read["telephone1"],
            pages,
            top,
            gone,
            refused.value.details["service_error_code"],
            done,
        ]


async def test_microsofts_client_creates_reads_updates_lists_and_deletes(
    testdata: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority, tls = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    async with running_dataverse(testdata, tls=tls) as standin:
        telephone, pages, top, gone, code, done = await asyncio.to_thread(use, standin.url)
        accounts = standin.organization.store.rows("account").values()
        found = [row for row in accounts if row.ref("primarycontactid")]
    assert (telephone, gone, code) == ("2", None, "0x80048d19")
    assert pages == [["Client 4", "Client 3"], ["Client 2", "Client 1"], ["Client 0"]]
    assert top == ["Client 4", "Client 3"]
    assert done == [204, 204, 204]
    assert [row.text("name") for row in found] == ["Client 1"]


async def test_it_starts_by_hand(testdata: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.standins.dataverse", "--port", "0", "--testdata", str(testdata),
        cwd=ROOT, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout
        line = (await asyncio.wait_for(process.stdout.readline(), 60)).decode()
        async with (
            ClientSession(headers={"Authorization": "Bearer t"}) as session,
            session.get(line.split()[-1] + "WhoAmI()") as answer,
        ):
            assert (await answer.json())["UserId"]
    finally:
        process.terminate()
        await process.wait()
