"""Logs and metrics of requests: route templates and times, never a query string, address or name."""

import asyncio
import logging
import sys
import time
import traceback
from typing import Any, TextIO
from uuid import uuid4

import structlog
from aiohttp import hdrs, web
from aiohttp.typedefs import Handler
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)
from structlog.typing import EventDict, Processor, WrappedLogger

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """The numbers that `/metrics` shows; one registry per application."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self.requests = Counter(
            "liaison_http_requests",
            "Requests answered",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "liaison_http_request_seconds",
            "Time to the answer",
            ("method", "route"),
            buckets=BUCKETS,
            registry=self.registry,
        )
        self.ended = Counter(
            "liaison_http_connections_ended",
            "Connections ended by us: refused as too many, slow headers, answers not taken",
            ("why",),
            registry=self.registry,
        )
        self.open = Gauge("liaison_http_requests_open", "Requests being answered", registry=self.registry)


log = structlog.get_logger(__name__)
REQUEST_ID = web.RequestKey("request_id", str)
OWN = ("addin", "app", "connectors", "insights")
METRICS = web.AppKey("metrics", Metrics)


def route_template(request: web.Request) -> str:
    """The matched row's path with its placeholders; `unmatched` where nothing matched."""
    resource = request.match_info.route.resource
    return resource.canonical if resource else "unmatched"


@web.middleware
async def observe(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give the request an id, time it, count it, log it once."""
    metrics = request.app[METRICS]
    method = request.method if request.method in hdrs.METH_ALL else "other"
    route, started, status = route_template(request), time.perf_counter(), 499
    request[REQUEST_ID] = uuid4().hex
    with (
        structlog.contextvars.bound_contextvars(request_id=request[REQUEST_ID]),
        metrics.open.track_inprogress(),
    ):
        try:
            response = await handler(request)
            status = response.status
            return response
        finally:  # also when the caller hung up: 499, as nginx calls it
            seconds = time.perf_counter() - started
            metrics.requests.labels(method, route, str(status)).inc()
            metrics.seconds.labels(method, route).observe(seconds)
            log.info("request", method=method, route=route, status=status, ms=round(seconds * 1000, 1))


async def mark(request: web.Request, response: web.StreamResponse) -> None:
    """Put the request's id on its answer; one that no middleware has seen gets its own."""
    response.headers["X-Request-ID"] = request.get(REQUEST_ID) or uuid4().hex


def describe_exception(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace an exception by its type and frames: its message may hold what no log may hold."""
    given = event.pop("exc_info", None)
    if not given:
        return event
    error = given[1] if isinstance(given, tuple) else given
    error = error if isinstance(error, BaseException) else sys.exc_info()[1]
    if error is not None:
        event["exception"] = f"{type(error).__module__}.{type(error).__qualname__}"
        event["frames"] = [
            f"{frame.filename}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(error.__traceback__)
        ]
    return event


def set_up_logs(level: str, stream: TextIO) -> None:
    """JSON lines for our own events and those of libraries; called once, by the command line."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        describe_exception,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    # Without a handler DBOS takes one of its own, whose lines may hold the line end in the name of a job.
    logging.getLogger("dbos").handlers = [logging.NullHandler()]
    logging.getLogger("dbos").propagate = True
    # Libraries stay at warnings: at lower levels they print SQL parameters and the like.
    for name in OWN:
        logging.getLogger(name).setLevel(level.upper())
    # aiohttp reports requests with the caller's address and the request line.
    for name in ("aiohttp.server", "aiohttp.access"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


def report_loop_failure(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log what asyncio found nobody to raise to; its own line would print the exception's words."""
    error = context.get("exception")
    log.error("failure outside a request", exc_info=error if isinstance(error, Exception) else None)
