"""Every address in both manifests is on this server, and the server answers there."""

from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from lxml import etree

from manifests.facts import Facts

Client = TestClient[web.Request, web.Application]


def strings(value: object) -> Iterator[str]:
    """Every string inside a JSON value, but the address of its schema."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from () if name == "$schema" else strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)


@pytest.fixture
def addresses(unified: Any, xml: etree._Element) -> set[str]:
    texts = [
        *strings(unified),
        *(text for element in xml.iter() for text in (element.text, *element.attrib.values()) if text),
    ]
    return {text for text in texts if "://" in text and not text.startswith("api://")}


def test_all_lie_on_this_server(addresses: set[str], unified: Any, facts: Facts) -> None:
    assert len(addresses) > 15
    assert [address for address in addresses if not address.startswith(f"{facts.public_url}/")] == []
    assert unified["validDomains"] == ["liaison.contoso.example:8443"]
    assert (
        unified["composeExtensions"][0]["messageHandlers"][0]["value"]["domains"] == unified["validDomains"]
    )


async def test_the_server_answers_at_each(addresses: set[str], facts: Facts, client: Client) -> None:
    answers = {}
    for address in addresses:
        path = address.removeprefix(facts.public_url)
        async with client.get(path) as response:
            answers[path] = (response.status, response.content_type)
    expected = {path: (200, "image/png" if path.endswith(".png") else "text/html") for path in answers}
    assert answers == expected
