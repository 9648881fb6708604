"""Managed identities as App Service and as a virtual machine hand out their tokens."""

from typing import Any

from aiohttp import web

from tests.standins.entra.clients import EXCHANGE
from tests.standins.entra.directory import Tenant
from tests.standins.entra.signing import LIFETIME, Mint

HEADER_SECRET = "standin-identity-header"


class ManagedIdentities:
    """`identities`: client id ("" = system-assigned) → object id."""

    def __init__(self, tenant: Tenant, mint: Mint) -> None:
        self._tenant, self._mint = tenant, mint
        self.identities: dict[str, str] = {"": "aaaaaaaa-0000-4000-8000-000000000001"}

    async def of_app_service(self, request: web.Request) -> web.Response:
        """`IDENTITY_ENDPOINT`, api-version 2019-08-01."""
        if request.headers.get("X-IDENTITY-HEADER") != HEADER_SECRET:
            return web.json_response({"statusCode": 401, "message": "Unauthorized"}, status=401)
        if request.query.get("api-version") != "2019-08-01":
            return web.json_response({"statusCode": 400, "message": "Bad api-version"}, status=400)
        answer = self._token(request)
        if answer is None:
            return web.json_response({"statusCode": 400, "message": "No User Assigned identity"}, status=400)
        token, resource = answer
        expires_on = str(int(self._tenant.now()) + LIFETIME)
        client_id = request.query.get("client_id", "")
        return web.json_response(
            {
                "access_token": token,
                "client_id": client_id,
                "expires_on": expires_on,
                "resource": resource,
                "token_type": "Bearer",
            }
        )

    async def of_machine(self, request: web.Request) -> web.Response:
        """The instance metadata service, api-version 2018-02-01."""
        if request.headers.get("Metadata") != "true":
            body = {"error": "invalid_request", "error_description": "Required metadata header not specified"}
            return web.json_response(body, status=400)
        answer = self._token(request)
        if answer is None:
            return web.json_response(
                {"error": "invalid_request", "error_description": "Identity not found"}, status=400
            )
        token, resource = answer
        return web.json_response(
            {
                "access_token": token,
                "expires_in": str(LIFETIME),
                "expires_on": str(int(self._tenant.now()) + LIFETIME),
                "resource": resource,
                "token_type": "Bearer",
            }
        )

    def _token(self, request: web.Request) -> tuple[str, str] | None:
        client_id, resource = request.query.get("client_id", ""), request.query.get("resource", "")
        object_id = self.identities.get(client_id)
        if object_id is None or not (resource == EXCHANGE or self._tenant.knows(resource)):
            return None
        claims: dict[str, Any] = {"sub": object_id, "oid": object_id}
        return self._mint.access_token(resource, client_id=client_id or object_id, **claims), resource
