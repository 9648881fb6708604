"""Starts the stand-in by hand: `python -m tests.standins.entra --port 8443`."""

import argparse
import asyncio
import sys
from pathlib import Path

from tests.standins.entra.directory import API_SCOPE, APP_ID, GRAPH, TENANT, Application
from tests.standins.entra.server import running_entra


def tell(line: str) -> None:
    """A line on standard output, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def _run(port: int, ca_file: Path, redirect_uri: str) -> None:
    async with running_entra(ca_file, port=port) as entra:
        entra.register(
            Application(
                secrets={"standin-secret"},
                redirect_uris={redirect_uri},
                delegated={GRAPH: ["Mail.Read", "User.Read"]},
                roles={GRAPH: ["Mail.ReadBasic"]},
            )
        )
        tell(f"LIAISON_ENTRA_AUTHORITY={entra.authority}")
        tell(f"LIAISON_ENTRA_TENANTS={TENANT}\nLIAISON_ENTRA_CLIENT_ID={APP_ID}")
        tell(f"LIAISON_ENTRA_SECRET=standin-secret\nSSL_CERT_FILE={ca_file}\nREQUESTS_CA_BUNDLE={ca_file}")
        tell(f"# scope api://{APP_ID}/{API_SCOPE}, redirect {redirect_uri}")
        await asyncio.Event().wait()


if __name__ == "__main__":
    options = argparse.ArgumentParser(prog="python -m tests.standins.entra")
    options.add_argument("--port", type=int, required=True)
    options.add_argument("--ca", type=Path, default=Path("entra-ca.pem"), help="where the certificate is put")
    options.add_argument("--redirect", default="http://127.0.0.1:3978/addin/sign-in")
    given = options.parse_args()
    try:
        asyncio.run(_run(given.port, given.ca.resolve(), given.redirect))
    except KeyboardInterrupt:
        tell("stopped")
