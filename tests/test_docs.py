"""The documentation says what the code does, and the reverse."""

import re
from pathlib import Path

import cli
import urls
from addin.docs import read_doc
from bot.commands import COMMANDS
from insights.choices import CHOICES
from insights.features import FEATURES, TERMS_VERSION
from insights.requirements.table import REQUIREMENTS
from insights.scopes import SCOPES
from insights.settings import Settings, environment_name
from insights.words import say

DOCS = Path(__file__).parents[1] / "docs"


def table(page: str) -> list[list[str]]:
    """The cells of every table row of a page, backquotes removed from the first."""
    lines = re.findall(r"^\|(.+)\|$", (DOCS / page).read_text(), re.MULTILINE)
    return [[cell.strip() for cell in re.split(r"(?<!\\\\)\|", line)] for line in lines]


def test_every_setting_is_documented_with_its_default_and_meaning() -> None:
    documented = {row[0].strip("`"): row[1:] for row in table("configuration.md") if row[0].startswith("`")}
    written = {}
    for name, field in Settings.model_fields.items():
        default = "" if field.default in ((), "") else f"`{field.default}`"
        written[environment_name(name)] = [default, field.description]
    assert documented == written


def test_every_command_is_documented() -> None:
    documented = {row[0].strip("`") for row in table("operator.md") if row[0].startswith("`liaison ")}
    assert documented == {f"liaison {words}" for words in cli.command_words()}


def test_every_feature_and_choice_of_the_organisation_is_documented() -> None:
    documented = {row[0].strip("`") for row in table("admin.md") if row[0].startswith("`")}
    chosen = {choice.name for choice in CHOICES if choice.scope == "organization"}
    assert documented == {feature.name for feature in FEATURES} | chosen


def test_every_command_of_the_bot_is_documented_with_who_may_give_it() -> None:
    documented = {row[0].strip("`"): row[1] for row in table("teams.md") if row[0].startswith("`")}
    assert documented == {
        command.word: "administrators" if command.is_admin else "everybody" for command in COMMANDS
    }


def test_every_route_is_documented_with_its_gate_and_feature() -> None:
    documented = {tuple(row) for row in table("permissions.md") if row[0].startswith("`")}
    written = {
        (f"`{route.method} {route.path}`", route.gate, route.feature or "")
        for route in urls.routes(is_demo=True)
    }
    assert documented == written


def test_links_between_pages_lead_somewhere() -> None:
    for page in [*DOCS.glob("*.md"), DOCS.parent / "README.md"]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_published_terms_are_those_that_administrators_accept() -> None:
    page = (DOCS / "terms.md").read_text()
    assert str(say("terms.text")) in page
    assert f"version {TERMS_VERSION}" in page


KINDS = {
    "sign-in": "signing in",
    "delegated": "delegated",
    "exchange": "role of Exchange",
    "entra": "role of Entra",
    "dataverse": "CRM",
}


def test_every_permission_is_documented_with_who_needs_it_and_why() -> None:
    documented = [tuple(row) for row in table("scopes.md") if row[0].startswith("`")]
    written = [
        (
            f"`{scope.permission}`",
            KINDS[scope.kind],
            f"`{scope.feature}`" if scope.feature else "always",
            f"{scope.why} (optional)" if scope.is_optional else str(scope.why),
        )
        for scope in SCOPES
    ]
    assert documented == written


def test_a_requirement_leads_to_a_section_that_there_is() -> None:
    for row in REQUIREMENTS:
        if row.link.startswith("/docs/"):
            page, _, section = row.link.removeprefix("/docs/").partition("#")
            sections = [name for name, _ in read_doc(DOCS / page).sections]
            assert not section or section in sections, f"{row.name} links to {row.link}"
        else:
            assert row.link.startswith("https://")
