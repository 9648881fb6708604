"""The databases that an installation may have: which, their migrations, and what hinders their opening."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import MetaData
from sqlalchemy.exc import SQLAlchemyError

from insights.errors import Unavailable
from insights.holdings import own_tables
from insights.migrate import REVISIONS
from insights.settings import Settings


def database_revisions() -> Mapping[str, Path]:
    """Each database that a connector or the product may have, with the folder of its migrations."""
    from connectors.embedded.crm.crm import REVISIONS as CRM_REVISIONS
    from connectors.embedded.mail.store import REVISIONS as MAIL_REVISIONS

    return {"liaison": REVISIONS, "crm": CRM_REVISIONS, "mailbox": MAIL_REVISIONS}


def database_tables() -> Mapping[str, Sequence[MetaData]]:
    """All tables of each of them; every column says in its `info` whose data it holds."""
    from connectors.embedded.agenda.tables import agenda
    from connectors.embedded.crm.tables import crm
    from connectors.embedded.mail.tables import mail

    return {"liaison": [own_tables()], "crm": [crm], "mailbox": [mail, agenda]}


def databases_of(settings: Settings) -> Sequence[str]:
    """Those that an installation with these settings has."""
    kept = {"liaison": True, "crm": settings.crm == "embedded", "mailbox": settings.mail == "embedded"}
    return [name for name, is_kept in kept.items() if is_kept]


@contextmanager
def database_problems() -> Iterator[None]:
    """What a driver raises, in our words: its own may quote the address of the database with its password."""
    try:
        yield
    except (SQLAlchemyError, OSError, Unavailable) as error:
        if isinstance(error, Unavailable) and error.code != "no_database":
            raise  # it says itself what is missing
        raise Unavailable("no_database.not_opened", error=_kind_of(error)) from None


def _kind_of(error: Exception) -> str:
    """What went wrong, by its type; of a file or folder also which it is."""
    cause = error.__cause__ or error
    path = cause.filename if isinstance(cause, OSError) else None
    return f"{type(cause).__name__}: {path}" if path else type(cause).__name__
