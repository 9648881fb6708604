"""What a check is handed: the parts that could be opened, and why the others could not."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from insights.database import Database
from insights.errors import Problem
from insights.model import User
from insights.ports import Crm, Directory, Mail
from insights.services import Services
from insights.settings import Settings
from insights.workflows import Workflows

Part = Literal["database", "crm", "mail", "directory"]


@dataclass(frozen=True)
class Setup:
    """An installation as far as it can be reached; `user` is whose mailbox and sign-in are tried."""

    settings: Settings
    now: Callable[[], datetime]
    user: User | None = None
    database: Database | None = None
    crm: Crm | None = None
    mail: Mail | None = None
    directory: Directory | None = None
    workflows: Workflows | None = None
    """Of the server that asks; None where no server runs in this process."""
    problems: Mapping[Part, Problem] = field(default_factory=dict)
    """What hindered the parts that are None."""

    @classmethod
    def of(cls, services: Services, user: User | None) -> "Setup":
        """The setup of a running server."""
        return cls(
            settings=services.settings,
            now=services.now,
            user=user,
            database=services.database,
            crm=services.crm,
            mail=services.mail,
            directory=services.directory,
            workflows=services.workflows,
        )
