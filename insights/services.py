"""What a use-case is handed: the wiring's result, passed in, never imported."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from insights.database import Database
from insights.memory import Memory
from insights.news import News
from insights.ports import Agenda, Crm, Directory, Mail
from insights.settings import Settings
from insights.workflows import Workflows


@dataclass(frozen=True, slots=True)
class Services:
    """Settings, the own database, the ports' implementations and the clock."""

    settings: Settings
    database: Database
    crm: Crm
    mail: Mail
    agenda: Agenda
    directory: Directory
    workflows: Workflows
    news: News
    now: Callable[[], datetime]
    """What is due is decided by this; `jobs run-due --now` sets it ahead."""
    clock: Callable[[], datetime]
    """The real time, by which progress is noted and leases end."""
    keys: tuple[str, ...] = field(default=(), repr=False)
    """The operator's keys: the first signs, all verify."""
    memory: Memory[Any] = field(default_factory=Memory)
