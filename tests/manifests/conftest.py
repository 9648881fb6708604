"""An installation's facts, and both manifests as people receive them."""

import json
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from lxml import etree

from bot.commands import COMMANDS
from insights.words import say
from manifests.build import pack, render_xml
from manifests.facts import BotCommand, Facts

APP_ID = "1fcd2a44-6a2c-4bd0-8b1e-3c1b3a6f9d11"
SIGN_IN_ID = "2fcd2a44-6a2c-4bd0-8b1e-3c1b3a6f9d22"


@pytest.fixture
def facts() -> Facts:
    return Facts(
        "https://liaison.contoso.example:8443",
        APP_ID,
        SIGN_IN_ID,
        [
            BotCommand(each.word, str(say(f"command.{each.word}.sentence")), is_private=each.is_admin)
            for each in COMMANDS
        ],
    )


@pytest.fixture
def package(facts: Facts) -> ZipFile:
    return ZipFile(BytesIO(pack(facts)))


@pytest.fixture
def unified(package: ZipFile) -> Any:
    return json.loads(package.read("manifest.json"))


@pytest.fixture
def xml(facts: Facts) -> etree._Element:
    return etree.fromstring(render_xml(facts).encode())
