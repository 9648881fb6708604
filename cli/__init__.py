"""The `liaison` command: parse, call, print. Exit 0 done, 1 failed, 2 wrong usage; never a traceback.

Each file brings the rows of its commands; what they do is imported when they run.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from cli import backups, importing, server, setup, upkeep
from cli.printing import report, report_unexpected
from cli.server import new_event_loop
from insights.errors import Problem
from insights.settings import read_settings

INTERRUPTED = 130
COMMANDS = server.COMMANDS + importing.COMMANDS + upkeep.COMMANDS + setup.COMMANDS + backups.COMMANDS
GROUPS = {
    "grants": "permissions in Microsoft 365",
    "import": "bring in CRM rows, mail or a calendar",
    "jobs": "background work",
    "manifest": "what Outlook and Teams are given",
    "db": "the databases",
    "keys": "the operator's keys",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    arguments = _parser().parse_args(argv)
    os.umask(0o077)  # mail and CRM rows are for the account that runs Liaison, and nobody else on the machine
    sys.excepthook = report_unexpected
    try:
        settings = read_settings(data_dir=arguments.data)
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            return runner.run(arguments.run(arguments, settings)) or 0
    except Problem as problem:
        report(problem)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED


def command_words() -> set[str]:
    """Every command as it is typed: `import crm`, `token` …"""
    return {command.words for command in COMMANDS}


def _parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="liaison", description="Relationship insights in Outlook and Teams.")
    groups = {"": top.add_subparsers(required=True, metavar="COMMAND")}
    for command in COMMANDS:
        group, _, word = command.words.rpartition(" ")
        if group not in groups:
            parent = groups[""].add_parser(group, help=GROUPS[group], description=GROUPS[group])
            groups[group] = parent.add_subparsers(required=True, metavar="COMMAND")
        parser = groups[group].add_parser(word, help=command.sentence, description=command.sentence)
        for name, options in command.arguments:
            parser.add_argument(name, **options)
        parser.add_argument("--data", type=Path, metavar="DIR", help="data directory (or LIAISON_DATA_DIR)")
        parser.set_defaults(run=command.run)
    return top
