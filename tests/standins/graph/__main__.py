"""`python -m tests.standins.graph --port 4010 [--testdata DIR] [--mailbox ADDRESS] [--mail FOLDER]`."""

import argparse
import asyncio
import sys
from pathlib import Path

from tests.standins.graph.server import running_graph
from tests.standins.place import find_testdata

SCOPES = (
    "Mail.ReadWrite Mail.Send MailboxSettings.ReadWrite Calendars.ReadWrite Tasks.ReadWrite People.Read "
    "User.Read User.ReadBasic.All GroupMember.Read.All Domain.Read.All"
)


async def serve(arguments: argparse.Namespace) -> None:
    """Serve one mailbox until interrupted; the address and a token are written to standard output."""
    async with running_graph(find_testdata(arguments.testdata), port=arguments.port) as graph:
        graph.add_user(None, arguments.mailbox)
        paths = sorted(arguments.mail.rglob("*")) if arguments.mail else []
        for path in filter(Path.is_file, paths):
            graph.deliver(arguments.mailbox, path.read_bytes())
        count = len(graph.mailbox(arguments.mailbox).messages)
        token = graph.issue(arguments.mailbox, SCOPES)
        sys.stdout.write(
            f"{graph.url}\n{arguments.mailbox}: {count} messages\nAuthorization: Bearer {token}\n"
        )
        sys.stdout.flush()
        await asyncio.Event().wait()


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(prog="python -m tests.standins.graph", description=__doc__)
    parser.add_argument("--port", type=int, default=4010)
    parser.add_argument("--testdata", type=Path)
    parser.add_argument("--mailbox", default="ann@ours.example")
    parser.add_argument("--mail", type=Path, help="a folder of raw messages to fill the mailbox with")
    try:
        asyncio.run(serve(parser.parse_args()))
    except KeyboardInterrupt:
        sys.exit(0)


if __name__ == "__main__":
    main()
