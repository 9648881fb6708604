"""What keeps an installation going: tokens, due work, schema, keys."""

import argparse
from typing import cast

from cli.command import JSON, Command, argument, hours, instant, utc_now
from cli.printing import print_counts, report
from insights.errors import Invalid, NotFound
from insights.settings import Settings


async def _token(arguments: argparse.Namespace, settings: Settings) -> None:
    from connectors.embedded.directory import EmbeddedDirectory
    from connectors.registry import directory_name, open_services

    if directory_name(settings) != "embedded":
        raise Invalid("foreign_directory")
    _require_installation(settings)
    async with open_services(settings, utc_now) as services:
        user = await services.crm.user(arguments.user)
        if user is None:
            raise NotFound("unknown_user.command_line", user=arguments.user, data_dir=settings.data_dir)
        print(cast(EmbeddedDirectory, services.directory).issue_token(user.id, arguments.hours))


async def _run_due(arguments: argparse.Namespace, settings: Settings) -> int:
    from app import DUE
    from connectors.registry import open_stores
    from insights.work import run_due, running

    now = (lambda: arguments.now) if arguments.now else utc_now
    async with open_stores(settings, now, utc_now) as (services, stores), running(services):
        await services.workflows.wait_ready()
        outcomes = await run_due(services, (*DUE, *stores.due))
    print_counts({each.kind: each.count for each in outcomes if not each.problem}, as_json=arguments.json)
    failed = [each.problem for each in outcomes if each.problem]
    for problem in failed:
        report(problem)
    return int(bool(failed))


async def _upgrade(_arguments: argparse.Namespace, settings: Settings) -> None:
    from connectors.registry import upgrade_databases

    await upgrade_databases(settings, utc_now)
    print(f"All databases of {settings.data_dir} are at the newest schema.")


async def _rotate(_arguments: argparse.Namespace, settings: Settings) -> None:
    from connectors.registry import rotate_secrets

    count = await rotate_secrets(settings, utc_now)
    print(f"{count} sealed anew; older keys can be taken out of LIAISON_SECRET_KEYS.")


def _require_installation(settings: Settings) -> None:
    """Raise NotFound where a mistyped data directory would become a new installation."""
    if not settings.database_url and not (settings.data_dir / "liaison.sqlite").exists():
        raise NotFound("nothing_there.no_installation", data_dir=settings.data_dir)


COMMANDS = (
    Command(
        "token",
        "print a bearer token for the HTTP API (embedded directory)",
        _token,
        (
            argument("user", "email address or systemuserid", metavar="USER"),
            argument("--hours", "how long it holds (default %(default)s)", type=hours, default=8.0),
        ),
    ),
    Command(
        "jobs run-due",
        "run once everything that is due",
        _run_due,
        (argument("--now", "as if it were this time", type=instant, metavar="ISO8601"), JSON),
    ),
    Command("db upgrade", "bring all databases to the newest schema", _upgrade),
    Command("keys rotate", "seal what is kept of sign-ins with the newest key", _rotate),
)
