"""Slow tests are told, not failed."""

import pytest

from tests.slow import LONG_SECONDS, Slowness


class Lines:
    """A terminal that keeps what is written."""

    def __init__(self) -> None:
        self.text = ""

    def section(self, title: str) -> None:
        self.text += title + "\n"

    line = section


def report(name: str, seconds: float, *markers: str, when: str = "call") -> pytest.TestReport:
    return pytest.TestReport(
        nodeid=name,
        location=(name, 1, name),
        keywords=dict.fromkeys(markers, 1),
        outcome="passed",
        longrepr=None,
        when=when,  # type: ignore[arg-type]
        duration=seconds,
    )


def summary(*reports: pytest.TestReport) -> str:
    slowness, lines = Slowness(), Lines()
    for each in reports:
        slowness.pytest_runtest_logreport(each)
    slowness.pytest_terminal_summary(lines)
    return lines.text


def test_who_takes_long_and_says_nothing_is_named() -> None:
    told = summary(
        report("silent", LONG_SECONDS + 1),
        report("explained", LONG_SECONDS + 1, "slow"),
        report("quick", LONG_SECONDS - 1),
        report("prepared", LONG_SECONDS + 1, when="setup"),
    )
    assert "6.0 s silent" in told
    assert not any(name in told for name in ("explained", "quick", "prepared"))
    assert summary(report("quick", 0.1)) == ""


@pytest.mark.parametrize("mark", [pytest.mark.slow, pytest.mark.slow(" "), pytest.mark.slow("a", "b")])
def test_a_reason_is_a_sentence(mark: pytest.MarkDecorator, request: pytest.FixtureRequest) -> None:
    slowness = Slowness()
    slowness.pytest_collection_modifyitems([request.node])
    request.node.add_marker(mark)
    with pytest.raises(pytest.UsageError, match="say why"):
        slowness.pytest_collection_modifyitems([request.node])
