"""The headers that every answer carries, whatever it is; what a handler has set itself stays."""

from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from addin.arrivals import ARRIVAL

COMMON: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "Server": "Liaison",  # which software answers is nobody's business
    "X-Content-Type-Options": "nosniff",
}
HTTPS_ONLY: Mapping[str, str] = {"Strict-Transport-Security": "max-age=31536000"}

EMBEDDED: Mapping[str, str] = {"Cross-Origin-Resource-Policy": "cross-origin"}
"""For what Outlook, Teams or a mail show inside of themselves."""
TALKING: Mapping[str, str] = {"Cross-Origin-Opener-Policy": "unsafe-none"}
"""For pages that talk with the window that opened them: Office's dialogs do."""


def common_headers(*, is_https: bool) -> dict[str, str]:
    """The headers; HTTPS is demanded for a year where the caller came by it."""
    return {**COMMON, **HTTPS_ONLY} if is_https else dict(COMMON)


def dress(public_url: str) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """Put them on an answer; for `on_response_prepare`."""
    is_public_https = public_url.startswith("https://")

    async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
        arrival = request.get(ARRIVAL)
        is_https = is_public_https or (arrival is not None and arrival.scheme == "https")
        response.headers.pop("Server", None)
        for name, value in common_headers(is_https=is_https).items():
            response.headers.setdefault(name, value)

    return add_headers
