"""The PowerShell for Exchange: read as a parser would, since no PowerShell is here to run it."""

import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights.errors import Invalid
from insights.features import FEATURES
from insights.grants.script import LONGEST, QUOTES, quote, write_removal, write_script
from insights.scopes import permissions, reasons

APP_ID = "1fcd2a44-6a2c-4bd0-8b1e-3c1b3a6f9d10"
GROUP = "liaison-mailboxes@contoso.example"
EVERYTHING = [feature.name for feature in FEATURES]
READS = {"Get-Group", "Get-ServicePrincipal", "Get-MgServicePrincipal", "Get-ManagementScope"}
READS |= {"Get-ManagementRoleAssignment", "Get-Recipient", "Test-ServicePrincipalAuthorization"}
SHOWS = {"Connect-ExchangeOnline", "Connect-MgGraph", "Where-Object", "Format-Table", "Out-Null"}
SHOWS |= {"Write-Warning", "Write-Output"}
GIVES = {"New-ServicePrincipal", "New-ManagementScope", "Set-ManagementScope", "New-ManagementRoleAssignment"}
TAKES = {"Remove-ManagementRoleAssignment", "Remove-ManagementScope", "Remove-ServicePrincipal"}
PAIRS = {"(": ")", "{": "}", "[": "]"}


def tokens(script: str) -> Iterator[tuple[str, str]]:
    """(kind, text) of comments, literal and expanding texts, and the rest, as PowerShell tells them apart."""
    at = 0
    while at < len(script):
        if script[at] in QUOTES:
            end = _end_of_literal(script, at)
            yield "literal", script[at:end]
        elif script[at] == '"':
            end = script.index('"\n', at) + 1 if '"\n' in script[at:] else len(script)
            yield "text", script[at:end]
        elif script[at] == "#":
            end = script.index("\n", at)
            yield "comment", script[at:end]
        else:
            end = at + 1
            yield "code", script[at]
        at = end


def _end_of_literal(script: str, start: int) -> int:
    at = start + 1
    while True:
        if script[at] in QUOTES:
            if at + 1 >= len(script) or script[at + 1] not in QUOTES:
                return at + 1
            at += 1
        at += 1


def code_of(script: str) -> str:
    """The script without comments and texts."""
    return "".join(text if kind == "code" else " _ " for kind, text in tokens(script) if kind != "comment")


def literals(script: str) -> list[str]:
    """The literal texts as PowerShell reads them."""
    inner = [text[1:-1] for kind, text in tokens(script) if kind == "literal"]
    return [re.sub(f"([{QUOTES}])[{QUOTES}]", r"\1", text) for text in inner]


def cmdlets(script: str) -> set[str]:
    return set(re.findall(r"\b[A-Z][a-zA-Z]+-[A-Z][A-Za-z]+\b", code_of(script)))


def check_balance(script: str) -> None:
    open_ones: list[str] = []
    for character in code_of(script):
        if character in PAIRS:
            open_ones.append(PAIRS[character])
        elif character in PAIRS.values():
            assert open_ones.pop() == character
    assert open_ones == []


def test_the_script_gives_exactly_the_roles_that_are_needed() -> None:
    for features in (["relationship_analytics"], ["auto_capture", "email_engagement"], EVERYTHING):
        script = write_script(APP_ID, GROUP, features)
        check_balance(script)
        assert [text for text in literals(script) if text.startswith("Application ")][
            : len(permissions("exchange", features))
        ] == permissions("exchange", features)
        assert cmdlets(script) <= READS | SHOWS | GIVES | {"Remove-ManagementRoleAssignment"}
        assert cmdlets(script) >= GIVES
        assert {APP_ID, GROUP} <= set(literals(script))
        comments = " ".join(text.strip("# ") for kind, text in tokens(script) if kind == "comment")
        for role in permissions("exchange", features):
            assert all(str(scope.why) in " ".join(comments.split()) for scope in reasons(role, features))


def test_every_assignment_is_limited_to_the_group_and_tested() -> None:
    code = code_of(write_script(APP_ID, GROUP, EVERYTHING))
    [assignment] = re.findall(r"New-ManagementRoleAssignment[^|]*", code)
    assert "-CustomResourceScope $name" in assignment
    assert "-RecipientRestrictionFilter $members" in code
    assert "Test-ServicePrincipalAuthorization" in code
    assert "AppRoleAssignment" not in code
    assert "ApplicationAccessPolicy" not in code


def test_what_was_given_is_taken_away() -> None:
    given, taken = write_script(APP_ID, GROUP, EVERYTHING), write_removal(APP_ID)
    check_balance(taken)
    assert cmdlets(taken) >= TAKES
    assert not cmdlets(taken) & GIVES
    for made in {name for name in cmdlets(given) if name.startswith("New-")}:
        assert made.replace("New-", "Remove-") in cmdlets(taken)
    assert {text for text in literals(taken) if text.startswith("Application ")} == set(
        permissions("exchange")
    )
    name = f"Liaison {APP_ID}"
    assert name in literals(given)
    assert name in literals(taken)
    assert len(name) <= 64, "the longest name that Exchange takes"


@given(st.text(min_size=1, max_size=LONGEST) | st.text("'‘’‚‛\"`$(){};|&#\\ab ", min_size=1, max_size=40))
def test_a_name_is_read_as_it_was_written(name: str) -> None:
    assert literals(f"{quote(name)}\n") == [name]
    try:
        script = write_script(APP_ID, name, EVERYTHING)
    except Invalid as refusal:
        assert not name.strip() or not name.isprintable()
        assert refusal.code == "bad_group"
        return
    assert name in literals(script)
    assert cmdlets(script) == cmdlets(write_script(APP_ID, GROUP, EVERYTHING))
    check_balance(script)


@pytest.mark.parametrize(
    ("app_id", "group", "features", "code"),
    [
        ("", GROUP, EVERYTHING, "no_application"),
        ("x'; Remove-Mailbox", GROUP, EVERYTHING, "no_application"),
        (APP_ID, GROUP, [], "no_roles"),
        (APP_ID, "  ", EVERYTHING, "bad_group"),
        (APP_ID, "a\nb", EVERYTHING, "bad_group"),
        (APP_ID, "a" * (LONGEST + 1), EVERYTHING, "bad_group"),
    ],
)
def test_nothing_is_written_for_what_makes_no_sense(
    app_id: str, group: str, features: list[str], code: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        write_script(app_id, group, features)
    assert refusal.value.code == code
