"""`liaison import`."""

import argparse
import sys
from dataclasses import asdict
from pathlib import Path

from cli.command import JSON, Command, argument, utc_now
from cli.printing import print_counts, print_rows, progress
from insights.errors import Invalid
from insights.settings import Settings


async def _import_crm(arguments: argparse.Namespace, settings: Settings) -> None:
    from connectors.embedded.crm.importing import ImportFailed, import_crm, list_skipped
    from connectors.registry import open_stores

    _require_embedded("CRM rows", "LIAISON_CRM", settings.crm)
    for line in list_skipped(arguments.folder):
        print(line, file=sys.stderr)
    async with open_stores(settings, utc_now) as (_, stores):
        try:
            with progress("CRM") as told:
                report = await import_crm(
                    await stores.database("crm"), arguments.folder, now=utc_now(), progress=told
                )
        except ImportFailed as failed:
            print("\n".join(map(str, failed.faults)), file=sys.stderr)
            raise
    outcomes = asdict(report)
    tables = sorted({table for counts in outcomes.values() for table in counts})
    print_rows(
        [
            {"kind": table, **{name: counts.get(table, 0) for name, counts in outcomes.items()}}
            for table in tables
        ],
        as_json=arguments.json,
    )


async def _import_mail(arguments: argparse.Namespace, settings: Settings) -> None:
    from connectors.embedded.mail.importing import import_mail, mailbox_warning
    from connectors.embedded.mail.shares import share_mailbox
    from connectors.embedded.mail.unrelated import REASONS as UNRELATED
    from connectors.registry import open_stores

    _require_embedded("Mail", "LIAISON_MAIL", settings.mail)
    async with open_stores(settings, utc_now) as (services, stores):
        database, organization_id = await stores.database("mailbox"), await services.crm.organization_id()
        with progress("mail") as told:
            report = await import_mail(
                database, organization_id, arguments.path, arguments.mailbox, now=utc_now(), progress=told
            )
        if arguments.shared_with:
            await database.write(share_mailbox, arguments.mailbox, arguments.shared_with)
        for reader in arguments.shared_with or [arguments.mailbox]:
            if warning := await mailbox_warning(services.crm, arguments.mailbox, reader):
                print(f"warning: {warning}", file=sys.stderr)
    for source, reason in report.skipped:
        if reason not in UNRELATED:
            print(f"skipped {source}: {reason}", file=sys.stderr)
    counts = {
        "imported": report.imported,
        "already there": report.already_there,
        **({"of these read anew": report.mended} if report.mended else {}),
        "skipped": len(report.skipped),
    }
    if arguments.json:
        rows: list[dict[str, object]] = [{"kind": kind, "count": count} for kind, count in counts.items()]
        rows[-1]["reasons"] = report.reasons
        print_rows(rows, as_json=True)
        return
    print_counts(counts, as_json=False)
    for reason, names in report.reasons.items():
        print(f"skipped, {reason}: {len(names)}")


async def _import_calendar(arguments: argparse.Namespace, settings: Settings) -> None:
    from connectors.embedded.agenda.importing import CalendarRefused, import_calendar
    from connectors.embedded.mail.importing import mailbox_warning
    from connectors.registry import open_stores

    _require_embedded("A calendar", "LIAISON_MAIL", settings.mail)
    async with open_stores(settings, utc_now) as (services, stores):
        try:
            counts = await import_calendar(
                await stores.database("mailbox"), arguments.file, arguments.mailbox, now=utc_now()
            )
        except CalendarRefused as refused:
            print("\n".join(map(str, refused.faults)), file=sys.stderr)
            raise
        if warning := await mailbox_warning(services.crm, arguments.mailbox, arguments.mailbox):
            print(f"warning: {warning}", file=sys.stderr)
    outcomes = asdict(counts)
    print_rows(
        [
            {"kind": kind, **{name: found[kind] for name, found in outcomes.items()}}
            for kind in counts.created
        ],
        as_json=arguments.json,
    )


def _require_embedded(what: str, setting: str, value: str) -> None:
    """Raise Invalid where what would be imported is kept elsewhere."""
    if value != "embedded":
        raise Invalid("foreign_store", what=what, setting=setting, value=value)


COMMANDS = (
    Command(
        "import crm",
        "read CSV files named by entity set; all or nothing",
        _import_crm,
        (argument("folder", "the folder they are in", type=Path, metavar="DIR"), JSON),
    ),
    Command(
        "import mail",
        "read an mbox, a Maildir or a folder of .eml; twice is once",
        _import_mail,
        (
            argument("path", "where the mail is", type=Path, metavar="PATH"),
            argument("--mailbox", "whose it is", required=True, metavar="user@domain"),
            argument(
                "--shared-with",
                "who reads it too, in place of those named before; may be repeated",
                action="append",
                metavar="user@domain",
            ),
            JSON,
        ),
    ),
    Command(
        "import calendar",
        "read meetings and tasks of an iCalendar file; all or nothing, twice is once",
        _import_calendar,
        (
            argument("file", "the file", type=Path, metavar="FILE.ics"),
            argument("--mailbox", "whose they are", required=True, metavar="user@domain"),
            JSON,
        ),
    ),
)
