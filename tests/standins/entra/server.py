"""The stand-in as a server with TLS: every URL, faults before the answer, and the check of its tokens."""

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import jwt
import trustme
from aiohttp import web

from tests.standins.entra.directory import PEOPLE, Application, Person, Tenant
from tests.standins.entra.errors import Refusal
from tests.standins.entra.grants import TokenEndpoint
from tests.standins.entra.managed import ManagedIdentities
from tests.standins.entra.signin import SignInPage
from tests.standins.entra.signing import Keys, Mint
from tests.standins.entra.state import Records

HOST = "localhost"
OPEN = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "*"}


class EntraStandin:
    """A tenant of Entra on loopback; tests change `tenant`, `keys` and `records` as they need."""

    def __init__(self, *, port: int, now: Callable[[], float] = time.time) -> None:
        self.authority = f"https://{HOST}:{port}"
        self.identity_url = ""
        """Where this machine's managed identities are, without TLS as on Azure."""
        self.connections: set[asyncio.BaseTransport] = set()
        self.tenant, self.keys, self.records = Tenant(now), Keys(), Records()
        self.mint = Mint(self.tenant, self.keys, self.authority)
        self.managed = ManagedIdentities(self.tenant, self.mint)
        self._page = SignInPage(self.tenant, self.mint, self.records)
        self._endpoint = TokenEndpoint(self.tenant, self.keys, self.mint, self.records)

    def register(self, application: Application) -> Application:
        """Make an application known."""
        self.tenant.applications[application.app_id] = application
        return application

    def sign_in(self, person: Person = PEOPLE[0], *, is_strong: bool = False, **changed: Any) -> str:
        """A person's access token for the first registered application, as the pane would get it."""
        application = next(iter(self.tenant.applications.values()))
        version = changed.pop("version", application.token_version)
        audience = application.app_id if version == 2 else f"api://{application.app_id}"
        given = {"scopes": "access_as_user", "audience": audience} | changed
        token = self.mint.access_token(
            given.pop("audience"),
            client_id=application.app_id,
            person=person,
            scopes=given.pop("scopes"),
            version=version,
            **given,
        )
        if is_strong:
            self.records.strong.add(jwt.decode(token, options={"verify_signature": False})["uti"])
        return token

    def check(self, token: str, audience: str) -> Mapping[str, Any] | None:
        """The claims of a bearer token for a service such as the stand-in Graph; None = answer 401.

        For a person there are `oid` and `scp`, for the application itself `idtyp: app` and `roles`.
        """
        try:
            return self.keys.read(token, {audience}, self.tenant.now())
        except (jwt.InvalidTokenError, KeyError):
            return None

    def app(self) -> web.Application:
        """The routes of login.microsoftonline.com that clients use."""
        app = web.Application(middlewares=[self._observe])
        base = "/{tenant}"
        app.router.add_get(f"{base}/v2.0/.well-known/openid-configuration", self._metadata)
        app.router.add_get(f"{base}/discovery/v2.0/keys", self._publish)
        app.router.add_get("/common/discovery/instance", self._instance)
        app.router.add_get(f"{base}/oauth2/v2.0/authorize", self._page.show)
        app.router.add_post(f"{base}/oauth2/v2.0/authorize", self._page.choose)
        app.router.add_post(f"{base}/oauth2/v2.0/token", self._token)
        app.router.add_options("/{anything:.*}", self._preflight)
        return app

    def identity_app(self) -> web.Application:
        """The routes of managed identities."""
        app = web.Application()
        app.router.add_get("/msi/token", self.managed.of_app_service)
        app.router.add_get("/metadata/identity/oauth2/token", self.managed.of_machine)
        return app

    @web.middleware
    async def _observe(self, request: web.Request, handler: Any) -> web.StreamResponse:
        what = request.query_string
        if request.method == "POST":
            what = str((await request.post()).get("grant_type", ""))
        self.records.requests.append((request.path, what))
        if request.transport:
            self.connections.add(request.transport)
        faults = self.records.faults
        if faults and request.path.endswith(faults[0].path):
            fault = faults.popleft()
            await asyncio.sleep(fault.wait)
            if fault.status:
                text = "Service unavailable"
                return web.Response(status=fault.status, headers=fault.headers, text=text)
        try:
            if request.match_info.get("tenant", self.tenant.tenant_id) not in self._tenant_names:
                raise Refusal(90002)
            answer: web.StreamResponse = await handler(request)
        except Refusal as refusal:
            answer = refusal.respond()
        answer.headers.update(OPEN)
        return answer

    @property
    def _tenant_names(self) -> set[str]:
        return {self.tenant.tenant_id, "common", "organizations"}

    async def _metadata(self, request: web.Request) -> web.Response:
        base = f"{self.authority}/{self.tenant.tenant_id}"
        return web.json_response(
            {
                "token_endpoint": f"{base}/oauth2/v2.0/token",
                "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
                "jwks_uri": f"{base}/discovery/v2.0/keys",
                "response_modes_supported": ["query", "fragment", "form_post"],
                "subject_types_supported": ["pairwise"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "response_types_supported": ["code"],
                "scopes_supported": ["openid", "profile", "email", "offline_access"],
                "issuer": self.mint.issuer,
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                "end_session_endpoint": f"{base}/oauth2/v2.0/logout",
                "tenant_region_scope": "EU",
                "cloud_instance_name": "microsoftonline.com",
                "msgraph_host": "graph.microsoft.com",
            }
        )

    async def _publish(self, _: web.Request) -> web.Response:
        return web.json_response(self.keys.as_jwks(f"{self.authority}/{{tenantid}}/v2.0"))

    async def _instance(self, _: web.Request) -> web.Response:
        host = self.authority.removeprefix("https://")
        metadata = [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}]
        discovery = f"{self.mint.issuer}/.well-known/openid-configuration"
        return web.json_response(
            {"tenant_discovery_endpoint": discovery, "api-version": "1.1", "metadata": metadata}
        )

    async def _token(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        endpoint = f"{self.authority}{request.path}"
        origin = request.headers.get("Origin", "")
        body = self._endpoint.answer(form, endpoint=endpoint, origin=origin)
        return web.json_response(body, headers={"Cache-Control": "no-store"})

    async def _preflight(self, _: web.Request) -> web.Response:
        return web.Response(status=204, headers={"Access-Control-Allow-Methods": "GET, POST, OPTIONS"})


@asynccontextmanager
async def running_entra(
    ca_file: Path, *, port: int = 0, now: Callable[[], float] = time.time
) -> AsyncIterator[EntraStandin]:
    """A stand-in that listens on loopback; the certificate to trust is written to `ca_file`."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(HOST, "127.0.0.1").configure_cert(context)
    await asyncio.to_thread(authority.cert_pem.write_to_path, str(ca_file))
    listener, identity_listener = _bind(port), _bind(0)
    entra = EntraStandin(port=listener.getsockname()[1], now=now)
    entra.identity_url = "http://{}:{}".format(*identity_listener.getsockname())
    runners = [web.AppRunner(app, shutdown_timeout=1) for app in (entra.app(), entra.identity_app())]
    try:
        for runner in runners:
            await runner.setup()
        await web.SockSite(runners[0], listener, ssl_context=context).start()
        await web.SockSite(runners[1], identity_listener).start()
        yield entra
    finally:
        for connection in entra.connections:
            connection.abort()  # type: ignore[attr-defined]  # no polite end of TLS: nobody listens any more
        for runner in runners:
            await runner.cleanup()


@contextmanager
def serving_entra(ca_file: Path, *, port: int = 0) -> Iterator[EntraStandin]:
    """The same in a thread of its own, for tests that have no event loop."""
    loop, started, stop = asyncio.new_event_loop(), threading.Event(), asyncio.Event()
    running: list[EntraStandin] = []

    async def run() -> None:
        async with running_entra(ca_file, port=port) as entra:
            running.append(entra)
            started.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),), daemon=True)
    thread.start()
    if not started.wait(30):
        raise RuntimeError("the stand-in did not start")
    try:
        yield running[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(30)
        loop.close()


def _bind(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    return listener
