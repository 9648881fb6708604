"""HTTP below the application: what is no request at all is refused as a problem, too."""

from http import HTTPStatus

import structlog
from aiohttp import web
from aiohttp.web_request import BaseRequest

from addin.problems import describe, respond_as_json

log = structlog.get_logger(__name__)


class Protocol(web.RequestHandler):
    """One connection; aiohttp's own answer would be text that quotes what was sent, and so would its log."""

    __slots__ = ()

    def handle_error(
        self,
        request: BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The answer to bytes that are no request, or to a failure outside of all middlewares."""
        if status < HTTPStatus.INTERNAL_SERVER_ERROR:
            log.info("malformed request", status=status)
            details = describe(
                status,
                "malformed_request",
                "This is no request we understand",
                "Request line, headers or body break HTTP, or a line is longer than 8190 bytes · send less",
            )
        else:
            log.error("failure outside a request", exc_info=exc)
            details = describe(
                status, "internal", "Something went wrong", "Something unexpected happened · try again"
            )
        if request.writer.output_size > 0:
            raise ConnectionError("the answer has begun, it cannot become another one")
        response = respond_as_json(details)
        response.force_close()
        return response
