"""What is set up around Liaison: what it needs, roles in Exchange, manifests."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cli.command import Command, argument, utc_now
from insights.scopes import FEATURES_WITH_SCOPES
from insights.settings import Settings
from insights.words import say

PIPED = 500
"""Columns of a table that no terminal shows: no link is cut in two."""

if TYPE_CHECKING:
    from insights.requirements.views import RequirementItem


async def _examine(arguments: argparse.Namespace, settings: Settings) -> int:
    from addin.observe import set_up_logs
    from connectors.inspection import open_setup
    from insights.gate import features_in_use
    from insights.requirements.examining import examine, list_requirements

    set_up_logs(settings.log_level, sys.stderr)
    async with open_setup(settings, utc_now, arguments.user) as setup:
        findings = await examine(setup)
        is_on = await setup.database.read(features_in_use) if setup.database else set()
    items = list_requirements(findings, is_on, settings.public_url)
    if arguments.json:
        print(json.dumps([item.model_dump() for item in items]))
    else:
        _print_requirements(items)
    return int(any(item.state == "not met" for item in items))


def _print_requirements(items: Sequence["RequirementItem"]) -> None:
    """A table, what is not met first and with what to do about it."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    order = {"not met": "bold red", "unknown": "yellow", "met": "green"}
    table = Table("state", "requirement", "cause and what to do", box=box.SIMPLE)
    for item in sorted(items, key=lambda item: list(order).index(item.state)):
        told = [item.cause, *((item.action, item.link) if item.state == "not met" else ())]
        about = Text("\n".join(str(part) for part in told if part), overflow="fold")
        table.add_row(Text(item.state, order[item.state]), Text(str(item.requirement)), about)
    Console(width=None if sys.stdout.isatty() else PIPED).print(table)


async def _write_grants_script(arguments: argparse.Namespace, settings: Settings) -> None:
    from connectors.inspection import read_features_on
    from insights.grants.script import write_removal, write_script

    app_id = settings.entra_client_id
    if arguments.remove:
        print(write_removal(app_id))
        return
    features = arguments.feature or await read_features_on(settings, utc_now)
    print(write_script(app_id, arguments.mailboxes or "", features))


async def _build_manifests(arguments: argparse.Namespace, settings: Settings) -> None:
    from bot.commands import COMMANDS as BOT_COMMANDS
    from manifests.build import build_manifests
    from manifests.facts import BotCommand

    commands = [
        BotCommand(each.word, str(say(f"command.{each.word}.sentence")), is_private=each.is_admin)
        for each in BOT_COMMANDS
    ]
    app_id = settings.microsoft_app_id
    sign_in_id = settings.entra_client_id
    for path in build_manifests(arguments.public_url, app_id, commands, arguments.out, sign_in_id=sign_in_id):
        print(path)


COMMANDS = (
    Command(
        "doctor",
        "say what Liaison needs and whether it is there; changes nothing, exit 1 when something is missing",
        _examine,
        (
            argument("--json", "print the list as JSON", action="store_true"),
            argument(
                "--user",
                "whose mailbox and sign-in to try (default: who accepted the terms)",
                default="",
                metavar="USER",
            ),
        ),
    ),
    Command(
        "grants script",
        "print PowerShell that gives Liaison roles of Exchange for the mailboxes of one group",
        _write_grants_script,
        (
            argument("--mailboxes", "the mail-enabled group they are in", metavar="GROUP"),
            argument(
                "--feature",
                "for this feature, may be repeated (default: those turned on)",
                action="append",
                choices=FEATURES_WITH_SCOPES,
            ),
            argument("--remove", "take all roles away again instead", action="store_true"),
        ),
    ),
    Command(
        "manifest build",
        "write what an administrator uploads to Microsoft 365: liaison.zip and outlook.xml",
        _build_manifests,
        (
            argument("--public-url", "where people reach Liaison", required=True, metavar="https://host"),
            argument("--out", "the folder to write into", required=True, type=Path, metavar="DIR"),
        ),
    ),
)
