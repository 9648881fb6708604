"""What commands print: results on standard output, progress and failures on standard error."""

import json
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from insights.errors import Problem


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None] | None]:
    """A bar on standard error that is told (done, total); None where nobody watches."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def print_counts(counts: Mapping[str, int], *, as_json: bool) -> None:
    """A line for each kind: `strays: 3`."""
    print_rows([{"kind": kind, "count": count} for kind, count in counts.items()], as_json=as_json)


def print_rows(rows: Sequence[Mapping[str, object]], *, as_json: bool) -> None:
    """A JSON list, or a line each: `contact: 2 created, 0 updated`, `strays: 3`."""
    if as_json:
        print(json.dumps(rows))
        return
    for row in rows:
        counts = [str(value) if name == "count" else f"{value} {name}" for name, value in row.items()][1:]
        print(f"{row['kind']}: {', '.join(counts)}")


def report(problem: Problem) -> None:
    """`error: what · why · what to do`, one line for each line of what."""
    told = problem.english
    rest = [part for part in (told.why, told.do) if part]
    for line in told.what.splitlines() or [told.title]:
        print(" · ".join([f"error: {line}", *rest]), file=sys.stderr)


def report_unexpected(kind: type[BaseException], error: BaseException, trace: Any) -> None:
    """One line for what nobody foresaw; its message is left out, it may quote mail."""
    frames = traceback.extract_tb(trace)
    where = f" in {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    print(
        f"error: Something unexpected happened · {kind.__name__}{where} · report this line", file=sys.stderr
    )
