"""`python -m tests.standins`: Entra, Graph and Dataverse together, with a small company to sign in as.

Prints what a server needs in its environment; then `liaison serve` in that environment runs on them.
"""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from tests.flows.liaison import COMPANY, letter
from tests.standins.cloud import running_cloud
from tests.standins.place import find_testdata


async def serve(testdata: Path) -> None:
    """Serve until interrupted."""
    with tempfile.TemporaryDirectory(prefix="liaison-cloud") as folder:
        async with running_cloud(Path(folder), testdata, COMPANY) as cloud:
            for number in range(1, 6):
                cloud.graph.deliver("ann@ours.example", letter(number).as_bytes())
            lines = [f"export {name}={value!r}" for name, value in cloud.environment.items()]
            lines += [f"# {word}: Authorization: Bearer {cloud.token(word)}" for word in cloud.people]
            sys.stdout.write("\n".join(lines) + "\n")
            sys.stdout.flush()
            await asyncio.Event().wait()


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(prog="python -m tests.standins", description=__doc__)
    parser.add_argument("--testdata", type=Path)
    try:
        asyncio.run(serve(find_testdata(parser.parse_args().testdata)))
    except KeyboardInterrupt:
        sys.exit(0)


if __name__ == "__main__":
    main()
