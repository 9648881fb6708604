"""Every code that a port's documentation names has words."""

import re

from insights.capture.causes import CAUSES, failure_of
from insights.ports import Crm, Mail


def test_codes_of_the_ports_have_words() -> None:
    documented = set(re.findall(r"`([a-z]+_[a-z_]+)`", f"{Crm.__doc__}{Mail.__doc__}"))
    assert len(documented) > 5
    assert documented - CAUSES.keys() == {"others_added"}  # told at once, when untracking is refused


def test_an_unknown_code_is_told_as_unexpected() -> None:
    assert failure_of("no such code") == failure_of("unexpected")
