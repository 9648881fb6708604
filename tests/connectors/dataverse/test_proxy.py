"""The CRM behind the proxy that the operator's environment names."""

from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import RawTestServer

from connectors.opening import Opening
from connectors.registry import CRM
from insights.settings import Settings
from tests.flows.liaison import COMPANY
from tests.standins.cloud import SECRET, running_cloud
from tests.standins.entra import APP_ID, TENANT

pytestmark = pytest.mark.testdata


async def test_the_crm_is_asked_through_the_proxy(
    tmp_path: Path, testdata: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed: list[str] = []

    async def forward(request: web.BaseRequest) -> web.Response:
        passed.append(str(request.url))
        async with (
            ClientSession() as session,
            session.request(request.method, request.url, headers=request.headers) as answer,
        ):
            return web.Response(
                status=answer.status, body=await answer.read(), content_type=answer.content_type
            )

    async with (
        running_cloud(tmp_path, testdata, COMPANY) as cloud,
        RawTestServer(forward) as proxy,
        AsyncExitStack() as stack,
    ):
        for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
            monkeypatch.setenv(name, cloud.environment[name])
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("http_proxy", str(proxy.make_url("")))
        settings = Settings(
            data_dir=tmp_path,
            crm="dataverse",
            dataverse_url=cloud.dataverse.url,
            entra_tenants=(TENANT,),
            entra_client_id=APP_ID,
            entra_secret=SECRET,
            entra_authority=cloud.entra.authority,
        )
        opening = Opening(settings, lambda: datetime.now(UTC), stack)
        crm = await opening.port(CRM)
        assert await crm.organization_id()
        assert len(passed) == len(cloud.dataverse.requests) > 0
        assert all(address.startswith(cloud.dataverse.url) for address in passed)
