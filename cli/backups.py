"""`liaison backup` and `liaison restore`."""

import argparse
import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from cli.command import Command, argument, utc_now
from insights.settings import Settings

if TYPE_CHECKING:
    from insights.backup.manifest import Manifest


async def _back_up(arguments: argparse.Namespace, settings: Settings) -> None:
    from connectors.databases import database_revisions
    from connectors.keys import read_signing_keys
    from insights.backup.backup import back_up
    from insights.backup.signing import digest_of, fingerprint

    revisions = database_revisions()
    manifest = await back_up(
        settings, revisions, arguments.out, read_key=lambda: read_signing_keys(settings)[0], now=utc_now()
    )
    print(f"{arguments.out}: {_contents(manifest)}.")
    print(f"Its SHA-256 is {await asyncio.to_thread(digest_of, arguments.out)}: note it elsewhere.")
    print(f"It is signed with the key {fingerprint(read_signing_keys(settings)[0])}.")
    print("It holds keys and mail: keep it where only you can read it.")
    print("The settings of the environment are not in it: keep these as well, apart from it.")


async def _restore(arguments: argparse.Namespace, settings: Settings) -> None:
    from connectors.databases import database_revisions
    from insights.backup.restore import restore
    from insights.backup.signing import fingerprint

    restored = await restore(
        settings,
        database_revisions(),
        arguments.file,
        is_unsigned_allowed=arguments.unsigned,
        digest=arguments.digest,
    )
    manifest, signer = restored.manifest, restored.signer
    print(f"{settings.data_dir}: {_contents(manifest)}, as of {manifest.made_at:%Y-%m-%d %H:%M %Z}.")
    if signer is None:
        print("Nobody known has signed it.")
    elif restored.is_own:
        print(f"It is signed with your key {fingerprint(signer)}.")
    else:
        print(f"It is signed with the key {fingerprint(signer)}, which lies in it: that proves nothing.")
        if not arguments.digest:
            print("Compare its SHA-256 with what `liaison backup` printed: --digest does it.")
    print("The next start brings the databases to the newest schema and begins pending work anew.")


def _contents(manifest: "Manifest") -> str:
    from insights.backup.manifest import JOBS

    names = ", ".join(sorted(set(manifest.revisions) - {JOBS}))  # jobs of older backups stay in them
    return f"databases {names} ({manifest.kind}), {len(manifest.members)} files in all"


COMMANDS = (
    Command(
        "backup",
        "write everything needed to start again elsewhere into one file; the server may run",
        _back_up,
        (argument("--out", "the file to write, a new one", required=True, type=Path, metavar="FILE"),),
    ),
    Command(
        "restore",
        "bring a backup into an empty data directory; all or nothing",
        _restore,
        (
            argument("file", "what `liaison backup` has written", type=Path, metavar="FILE"),
            argument(
                "--unsigned",
                "also one that no key of yours has signed: whoever made it decides what the server holds",
                action="store_true",
            ),
            argument(
                "--digest",
                "only the very file whose SHA-256 this is, as `liaison backup` has printed it",
                default="",
                metavar="SHA256",
            ),
        ),
    ),
)
