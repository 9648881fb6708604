"""A test that takes long says why; who forgot is told at the end of a run, and none fails by its time."""

from typing import Any

import pytest

LONG_SECONDS = 5.0


class Slowness:
    """Which tests took long and say nothing about it."""

    def __init__(self) -> None:
        self._silent: list[tuple[float, str]] = []

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Refuse a marker without a sentence."""
        for item in items:
            for marker in item.iter_markers("slow"):
                if len(marker.args) != 1 or not str(marker.args[0]).strip():
                    raise pytest.UsageError(
                        f'{item.nodeid}: say why, as in @pytest.mark.slow("starts a server")'
                    )

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep what took long by itself; what a fixture takes is the next test's too."""
        if report.when == "call" and report.duration > LONG_SECONDS and "slow" not in report.keywords:
            self._silent.append((report.duration, report.nodeid))

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Name them."""
        if not self._silent:
            return
        terminalreporter.section(f"above {LONG_SECONDS:.0f} s without a reason")
        terminalreporter.line('Make it faster, or say why it takes long: @pytest.mark.slow("…")')
        for seconds, name in sorted(self._silent, reverse=True):
            terminalreporter.line(f"{seconds:.1f} s {name}")
