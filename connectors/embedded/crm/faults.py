"""What is wrong with rows to import, each with file, line, column and reason."""

from dataclasses import dataclass, field

from insights.errors import Invalid

MOST_FAULTS = 100


@dataclass(frozen=True, slots=True)
class Fault:
    """One mistake; `line` is the row's first line in its file, `column` "" where it is the whole row's."""

    file: str
    line: int
    column: str
    reason: str

    def __str__(self) -> str:
        return ": ".join(part for part in (f"{self.file}:{self.line}", self.column, self.reason) if part)


@dataclass
class Faults:
    """The mistakes found so far, at most `MOST_FAULTS`."""

    found: list[Fault] = field(default_factory=list)

    def add(self, file: str, line: int, column: str, reason: str) -> None:
        """Note a mistake; raises ImportFailed when there are too many to list."""
        self.found.append(Fault(file, line, column, reason))
        if len(self.found) >= MOST_FAULTS:
            raise ImportFailed(self.found)

    def check(self) -> None:
        """Raise ImportFailed if there are mistakes."""
        if self.found:
            raise ImportFailed(self.found)


class ImportFailed(Invalid):
    """Nothing was imported; the `faults` say why, one line each."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = tuple(sorted(faults, key=lambda fault: (fault.file, fault.line)))
        key = "bad_import.many" if len(faults) >= MOST_FAULTS else "bad_import.faults"
        super().__init__(key, count=len(faults))
