"""How every process here is told where to listen, and says that it does."""

import argparse

from aiohttp import web


def parser() -> argparse.ArgumentParser:
    """A command line with `--port`."""
    made = argparse.ArgumentParser()
    made.add_argument("--port", type=int, required=True)
    return made


def read_port() -> int:
    """The port of a process that needs to know nothing else."""
    return int(parser().parse_args().port)


async def alive(_: web.Request) -> web.Response:
    """200."""
    return web.Response()
