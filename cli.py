"""The `liaison` command: parse, call, print. Exit 0 done, 1 failed, 2 wrong usage; never a traceback."""

import argparse
import asyncio
import json
import os
import sys
import traceback
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from insights.errors import Invalid, NotFound, Problem
from insights.scopes import FEATURES_WITH_SCOPES
from insights.settings import Settings, read_settings

if TYPE_CHECKING:
    from insights.backup.manifest import Manifest
    from insights.views import RequirementItem

Run = Callable[[argparse.Namespace, Settings], Coroutine[Any, Any, int | None]]
"""What a command does; it may return an exit code."""
INTERRUPTED = 130
PORTS = range(65536)
LONGEST_HOURS = 24 * 366
PATIENCE = 2.0
"""Seconds after which the start of the demo says that it is busy."""


@dataclass(frozen=True, slots=True)
class Command:
    """A row of the table of commands: the words typed, what it does, its own arguments."""

    words: str
    sentence: str
    run: Run
    arguments: tuple[tuple[str, dict[str, Any]], ...] = ()


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    arguments = _parser().parse_args(argv)
    os.umask(0o077)  # mail and CRM rows are for the account that runs Liaison, and nobody else on the machine
    sys.excepthook = _report_unexpected
    try:
        settings = read_settings(data_dir=arguments.data)
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            return runner.run(arguments.run(arguments, settings)) or 0
    except Problem as problem:
        _report(problem)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED


def new_event_loop() -> asyncio.AbstractEventLoop:
    """An event loop; uvloop's where there is one, for it spares a tenth of the time of every answer."""
    if sys.platform == "win32":
        return asyncio.new_event_loop()
    import uvloop

    return uvloop.new_event_loop()


async def _serve(arguments: argparse.Namespace, settings: Settings) -> None:
    if arguments.demo and not _is_loopback(arguments.host):
        raise Invalid(
            f"The demo does not listen on {arguments.host}",
            "anybody can be anybody in it",
            "leave --host out, or run without --demo",
            code="demo_not_local",
        )
    if settings.microsoft_app_id and not settings.tenant_ids:
        raise Invalid(
            "LIAISON_ENTRA_TENANTS: is missing",
            "the bot of MicrosoftAppId answers people of tenants that are named by their id, and no other",
            "set it, or set MicrosoftAppTenantId to an id",
            code="bad_setting",
        )
    from addin.observe import set_up_logs
    from app import serve

    set_up_logs(settings.log_level, sys.stderr)
    words = "Preparing the demo; the first time takes a moment …"
    say = partial(print, words, file=sys.stderr, flush=True)
    waiting = asyncio.get_running_loop().call_later(PATIENCE, say) if arguments.demo else None

    def greet(address: str, *, is_demo: bool) -> None:
        if waiting:
            waiting.cancel()
        _greet(address, is_demo=is_demo)

    await serve(settings, host=arguments.host, port=arguments.port, is_demo=arguments.demo, greet=greet)


def _greet(address: str, *, is_demo: bool) -> None:
    first = ("/demo", "a mailbox to try it in: choose an email, press Track")
    if not is_demo:
        first = ("/docs/operator.md", "connect Outlook, import CRM rows and mail")
    places = (
        first,
        ("/docs/", "the documentation, for sellers, admins, operators and contributors"),
        ("/api/openapi.json", "everything the HTTP API does"),
    )
    print(f"Liaison is running at {address}/ (Ctrl+C stops it). Open next:")
    for path, what in places:
        print(f"  {address}{path:<20} {what}", flush=True)


async def _import_crm(arguments: argparse.Namespace, settings: Settings) -> None:
    from connectors.embedded.crm.importing import ImportFailed, import_crm, list_skipped
    from connectors.registry import open_stores

    _require_embedded("CRM rows", "LIAISON_CRM", settings.crm)
    for line in list_skipped(arguments.folder):
        print(line, file=sys.stderr)
    async with open_stores(settings, _now) as (_, stores):
        try:
            with _progress("CRM") as progress:
                report = await import_crm(
                    stores.database("crm"), arguments.folder, now=_now(), progress=progress
                )
        except ImportFailed as failed:
            print("\n".join(map(str, failed.faults)), file=sys.stderr)
            raise Invalid("Nothing was imported", failed.why, failed.do, code=failed.code) from None
    outcomes = asdict(report)
    tables = sorted({table for counts in outcomes.values() for table in counts})
    _print_rows(
        [
            {"kind": table, **{name: counts.get(table, 0) for name, counts in outcomes.items()}}
            for table in tables
        ],
        as_json=arguments.json,
    )


async def _import_mail(arguments: argparse.Namespace, settings: Settings) -> None:
    from connectors.embedded.mail.importing import import_mail, mailbox_warning
    from connectors.embedded.mail.shares import share_mailbox
    from connectors.registry import open_stores

    _require_embedded("Mail", "LIAISON_MAIL", settings.mail)
    async with open_stores(settings, _now) as (services, stores):
        database, organization_id = stores.database("mailbox"), await services.crm.organization_id()
        with _progress("mail") as progress:
            report = await import_mail(
                database, organization_id, arguments.path, arguments.mailbox, now=_now(), progress=progress
            )
        if arguments.shared_with:
            await database.write(share_mailbox, arguments.mailbox, arguments.shared_with)
        for reader in arguments.shared_with or [arguments.mailbox]:
            if warning := await mailbox_warning(services.crm, arguments.mailbox, reader):
                print(f"warning: {warning}", file=sys.stderr)
    for source, reason in report.skipped:
        print(f"skipped {source}: {reason}", file=sys.stderr)
    counts = {
        "imported": report.imported,
        "already there": report.already_there,
        "skipped": len(report.skipped),
    }
    _print_counts(counts, as_json=arguments.json)


def _require_embedded(what: str, setting: str, value: str) -> None:
    """Raise Invalid where what would be imported is kept elsewhere."""
    if value != "embedded":
        raise Invalid(
            f"{what} cannot be imported",
            f"{setting}={value}: it is kept there",
            f"bring it in there, or leave {setting} out",
            code="foreign_store",
        )


async def _token(arguments: argparse.Namespace, settings: Settings) -> None:
    from connectors.embedded.directory import EmbeddedDirectory
    from connectors.registry import directory_name, open_services

    if directory_name(settings) != "embedded":
        raise Invalid(
            "No token can be made",
            "people sign in with Microsoft Entra",
            "sign in there, or use the embedded directory",
            code="foreign_directory",
        )
    async with open_services(settings, _now) as services:
        user = await services.crm.user(arguments.user)
        if user is None:
            raise NotFound(
                f"No enabled user is called {arguments.user}",
                f"the CRM in {settings.data_dir} has none of this address or id, or several of the address",
                "give the systemuserid, import systemusers.csv, or give --data",
                code="unknown_user",
            )
        print(cast(EmbeddedDirectory, services.directory).issue_token(user.id, arguments.hours))


async def _run_due(arguments: argparse.Namespace, settings: Settings) -> int:
    from app import DUE
    from connectors.registry import open_stores
    from insights.capture import promotion
    from insights.work import run_due

    now = (lambda: arguments.now) if arguments.now else _now
    async with open_stores(settings, now, _now) as (services, stores):
        services.workflows.register(promotion.workflow(lambda: services))
        services.workflows.start()
        try:
            await services.workflows.wait_ready()
            outcomes = await run_due(services, (*DUE, *stores.due))
        finally:
            await services.workflows.stop()
    _print_counts({each.kind: each.count for each in outcomes if not each.problem}, as_json=arguments.json)
    failed = [each.problem for each in outcomes if each.problem]
    for problem in failed:
        _report(problem)
    return int(bool(failed))


async def _examine(arguments: argparse.Namespace, settings: Settings) -> int:
    from addin.observe import set_up_logs
    from connectors.inspection import open_setup
    from insights.gate import features_in_use
    from insights.requirements.examining import examine, list_requirements

    set_up_logs(settings.log_level, sys.stderr)
    async with open_setup(settings, _now, arguments.user) as setup:
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
        about = Text("\n".join(part for part in told if part), overflow="fold")
        table.add_row(Text(item.state, order[item.state]), Text(item.requirement), about)
    Console().print(table)


async def _write_consent_script(arguments: argparse.Namespace, settings: Settings) -> None:
    from connectors.inspection import read_features_on
    from insights.grants.script import write_removal, write_script

    app_id = settings.entra_client_id
    if arguments.remove:
        print(write_removal(app_id))
        return
    features = arguments.feature or await read_features_on(settings, _now)
    print(write_script(app_id, arguments.mailboxes or "", features))


async def _build_manifests(arguments: argparse.Namespace, settings: Settings) -> None:
    from bot.commands import COMMANDS as BOT_COMMANDS
    from manifests.build import build_manifests
    from manifests.facts import BotCommand

    commands = [BotCommand(each.word, each.sentence, is_private=each.is_admin) for each in BOT_COMMANDS]
    app_id = settings.microsoft_app_id
    sign_in_id = settings.entra_client_id
    for path in build_manifests(arguments.public_url, app_id, commands, arguments.out, sign_in_id=sign_in_id):
        print(path)


async def _back_up(arguments: argparse.Namespace, settings: Settings) -> None:
    from connectors.keys import read_signing_keys
    from connectors.registry import database_revisions
    from insights.backup.backup import back_up
    from insights.backup.signing import fingerprint

    revisions = database_revisions()
    manifest = await back_up(
        settings, revisions, arguments.out, read_key=lambda: read_signing_keys(settings)[0], now=_now()
    )
    print(f"{arguments.out}: {_contents(manifest)}.")
    print(f"It is signed with the key {fingerprint(read_signing_keys(settings)[0])}.")
    print("It holds keys and mail: keep it where only you can read it.")
    print("The settings of the environment are not in it: keep these as well, apart from it.")


async def _restore(arguments: argparse.Namespace, settings: Settings) -> None:
    from connectors.registry import database_revisions
    from insights.backup.restore import restore
    from insights.backup.signing import fingerprint

    restored = await restore(
        settings,
        database_revisions(),
        arguments.file,
        is_unsigned_allowed=arguments.unsigned,
        signed_by=arguments.signed_by,
    )
    manifest, signer = restored.manifest, restored.signer
    print(f"{settings.data_dir}: {_contents(manifest)}, as of {manifest.made_at:%Y-%m-%d %H:%M %Z}.")
    if signer is None:
        print("Nobody known has signed it.")
    elif restored.is_own:
        print(f"It is signed with your key {fingerprint(signer)}.")
    else:
        print(f"It is signed with the key {fingerprint(signer)}, which lies in it: so nobody has changed it,")
        print(
            "but anybody may have made it. Compare with what `liaison backup` printed (--signed-by does it)."
        )
    print("The next start brings the databases to the newest schema and begins pending work anew.")


def _contents(manifest: "Manifest") -> str:
    from insights.backup.manifest import JOBS

    names = ", ".join(sorted(set(manifest.revisions) - {JOBS}))  # jobs of older backups stay in them
    return f"databases {names} ({manifest.kind}), {len(manifest.members)} files in all"


async def _upgrade(_arguments: argparse.Namespace, settings: Settings) -> None:
    from connectors.registry import upgrade_databases

    await upgrade_databases(settings, _now)
    print(f"All databases of {settings.data_dir} are at the newest schema.")


async def _rotate(_arguments: argparse.Namespace, settings: Settings) -> None:
    from connectors.registry import rotate_secrets

    count = await rotate_secrets(settings, _now)
    print(f"{count} sealed anew; older keys can be taken out of LIAISON_SECRET_KEYS.")


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int, int], None] | None]:
    """A bar on standard error that is told (done, total); None where nobody watches."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _print_counts(counts: Mapping[str, int], *, as_json: bool) -> None:
    _print_rows([{"kind": kind, "count": count} for kind, count in counts.items()], as_json=as_json)


def _print_rows(rows: Sequence[Mapping[str, object]], *, as_json: bool) -> None:
    """A JSON list, or a line each: `contact: 2 created, 0 updated`, `strays: 3`."""
    if as_json:
        print(json.dumps(rows))
        return
    for row in rows:
        counts = [str(value) if name == "count" else f"{value} {name}" for name, value in row.items()][1:]
        print(f"{row['kind']}: {', '.join(counts)}")


def _report(problem: Problem) -> None:
    """`error: what · why · what to do`, one line for each line of what."""
    rest = [part for part in (problem.why, problem.do) if part]
    for line in problem.what.splitlines() or [problem.title]:
        print(" · ".join([f"error: {line}", *rest]), file=sys.stderr)


def _report_unexpected(kind: type[BaseException], error: BaseException, trace: Any) -> None:
    """One line for what nobody foresaw; its message is left out, it may quote mail."""
    frames = traceback.extract_tb(trace)
    where = f" in {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    print(
        f"error: Something unexpected happened · {kind.__name__}{where} · report this line", file=sys.stderr
    )


def _now() -> datetime:
    return datetime.now(UTC)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _port(text: str) -> int:
    if text.isdecimal() and int(text) in PORTS:
        return int(text)
    raise argparse.ArgumentTypeError("a port is a number from 0 to 65535")


def _hours(text: str) -> float:
    try:
        hours = float(text)
    except ValueError:
        hours = 0.0
    if 0 < hours <= LONGEST_HOURS:
        return hours
    raise argparse.ArgumentTypeError(f"hours are a number above 0, at most {LONGEST_HOURS}")


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("a time looks like 2026-11-20T08:00:00+01:00") from None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def _argument(name: str, help_: str, **options: Any) -> tuple[str, dict[str, Any]]:
    return name, {"help": help_, **options}


JSON = _argument("--json", "print the counts as JSON", action="store_true")
COMMANDS = (
    Command(
        "serve",
        "run the server",
        _serve,
        (
            _argument("--demo", "a fictional organisation to try, on loopback only", action="store_true"),
            _argument("--host", "address to listen on (default %(default)s)", default="127.0.0.1"),
            _argument("--port", "port to listen on (default %(default)s)", type=_port, default=3978),
        ),
    ),
    Command(
        "import crm",
        "read CSV files named by entity set; all or nothing",
        _import_crm,
        (_argument("folder", "the folder they are in", type=Path, metavar="DIR"), JSON),
    ),
    Command(
        "import mail",
        "read an mbox, a Maildir or a folder of .eml; twice is once",
        _import_mail,
        (
            _argument("path", "where the mail is", type=Path, metavar="PATH"),
            _argument("--mailbox", "whose it is", required=True, metavar="user@domain"),
            _argument(
                "--shared-with",
                "who reads it too, in place of those named before; may be repeated",
                action="append",
                metavar="user@domain",
            ),
            JSON,
        ),
    ),
    Command(
        "token",
        "print a bearer token for the HTTP API (embedded directory)",
        _token,
        (
            _argument("user", "email address or systemuserid", metavar="USER"),
            _argument("--hours", "how long it holds (default %(default)s)", type=_hours, default=8.0),
        ),
    ),
    Command(
        "jobs run-due",
        "run once everything that is due",
        _run_due,
        (_argument("--now", "as if it were this time", type=_instant, metavar="ISO8601"), JSON),
    ),
    Command(
        "doctor",
        "say what Liaison needs and whether it is there; changes nothing, exit 1 when something is missing",
        _examine,
        (
            _argument("--json", "print the list as JSON", action="store_true"),
            _argument(
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
        _write_consent_script,
        (
            _argument("--mailboxes", "the mail-enabled group they are in", metavar="GROUP"),
            _argument(
                "--feature",
                "for this feature, may be repeated (default: those turned on)",
                action="append",
                choices=FEATURES_WITH_SCOPES,
            ),
            _argument("--remove", "take all roles away again instead", action="store_true"),
        ),
    ),
    Command(
        "manifest build",
        "write what an administrator uploads to Microsoft 365: liaison.zip and outlook.xml",
        _build_manifests,
        (
            _argument("--public-url", "where people reach Liaison", required=True, metavar="https://host"),
            _argument("--out", "the folder to write into", required=True, type=Path, metavar="DIR"),
        ),
    ),
    Command(
        "backup",
        "write everything needed to start again elsewhere into one file; the server may run",
        _back_up,
        (_argument("--out", "the file to write, a new one", required=True, type=Path, metavar="FILE"),),
    ),
    Command(
        "restore",
        "bring a backup into an empty data directory; all or nothing",
        _restore,
        (
            _argument("file", "what `liaison backup` has written", type=Path, metavar="FILE"),
            _argument(
                "--unsigned",
                "also one that no key of yours has signed: whoever made it decides what the server holds",
                action="store_true",
            ),
            _argument(
                "--signed-by",
                "only one that is signed with this key, as `liaison backup` has printed it",
                default="",
                metavar="FINGERPRINT",
            ),
        ),
    ),
    Command("db upgrade", "bring all databases to the newest schema", _upgrade),
    Command("keys rotate", "seal what is kept of sign-ins with the newest key", _rotate),
)
GROUPS = {
    "grants": "permissions in Microsoft 365",
    "import": "bring in CRM rows or mail",
    "jobs": "background work",
    "manifest": "what Outlook and Teams are given",
    "db": "the databases",
    "keys": "the operator's keys",
}


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


if __name__ == "__main__":
    sys.exit(main())
