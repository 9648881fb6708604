"""Whether the server lives and can work, and its numbers."""

import asyncio

from aiohttp import web
from prometheus_client import exposition
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError

from addin.http import Answer, Visit
from addin.observe import METRICS
from insights.errors import Unavailable

PATIENCE = 5.0
"""Seconds within which the database must answer."""


class Health(BaseModel):
    """`ok`; anything else is told as a problem."""

    status: str


async def read_health(_visit: Visit) -> Answer:
    """The process is alive."""
    return Answer(Health(status="ok"))


async def read_readiness(visit: Visit) -> Answer:
    """Database and background jobs are reachable."""
    try:
        async with asyncio.timeout(PATIENCE):
            await visit.services.database.check()
    except (SQLAlchemyError, OSError):
        raise Unavailable("no_database.readiness") from None
    if not visit.services.workflows.is_ready:
        raise Unavailable("no_jobs")
    return Answer(Health(status="ok"))


async def read_metrics(visit: Visit) -> web.Response:
    """The numbers in Prometheus' text format."""
    body = exposition.generate_latest(visit.request.app[METRICS].registry)
    return web.Response(body=body, headers={"Content-Type": exposition.CONTENT_TYPE_LATEST})
