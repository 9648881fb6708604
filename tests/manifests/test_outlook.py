"""The XML manifest fits Microsoft's schema, as far as that goes, and names only what it defines."""

from pathlib import Path

import pytest
from lxml import etree

from manifests.facts import MOBILE_SCALES, MOBILE_SIZES, Facts

V1_0 = "{http://schemas.microsoft.com/office/mailappversionoverrides}"
V1_1 = "{http://schemas.microsoft.com/office/mailappversionoverrides/1.1}"
# What Outlook reads and the published schema does not know yet.
NEWER = ("SupportsSharedFolders", "Runtimes")


@pytest.fixture(scope="module")
def schema(testdata: Path) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(str(testdata / "office-xsd" / "OfficeAppManifestV1_1.xsd")))


def without_newer(xml: etree._Element) -> etree._Element:
    for name in NEWER:
        for element in xml.findall(f".//{V1_1}{name}"):
            parent = element.getparent()
            assert parent is not None
            parent.remove(element)
    return xml


@pytest.mark.testdata
def test_it_fits_the_schema(xml: etree._Element, schema: etree.XMLSchema) -> None:
    schema.assertValid(without_newer(xml))


@pytest.mark.testdata
@pytest.mark.parametrize("name", ["Id", "Permissions", "FormSettings"])
def test_the_schema_does_find_faults(xml: etree._Element, schema: etree.XMLSchema, name: str) -> None:
    element = without_newer(xml).find(f"{{*}}{name}")
    assert element is not None
    element.text = "nonsense"
    assert not schema.validate(xml)


def overrides(xml: etree._Element, version: str) -> etree._Element:
    element = xml.find(f".//{version}VersionOverrides")
    assert element is not None
    return element


@pytest.mark.parametrize("version", [V1_0, V1_1])
def test_every_resource_named_is_defined_beside_it_and_used(xml: etree._Element, version: str) -> None:
    parts = [child for child in overrides(xml, version) if child.tag != f"{V1_1}VersionOverrides"]
    (resources,) = [child for child in parts if child.tag == f"{version}Resources"]
    named = {found.get("resid") for part in parts for found in part.iter()} - {None}
    defined = {found.get("id") for found in resources.iter()} - {None}
    assert named == defined


def test_pinning_shared_folders_and_mobile_are_in_the_newer_overrides(xml: etree._Element) -> None:
    newer = overrides(xml, V1_1)
    desktop = newer.find(f".//{V1_1}DesktopFormFactor")
    assert desktop is not None
    assert desktop[0].tag == f"{V1_1}SupportsSharedFolders"
    assert desktop[0].text == "true"
    assert [pin.text for pin in xml.iter("{*}SupportsPinning")] == ["true"]
    assert newer.find(f".//{V1_1}MobileFormFactor") is not None


def test_mobile_has_every_icon_in_every_sharpness(xml: etree._Element, facts: Facts) -> None:
    mobile = overrides(xml, V1_1).find(f".//{V1_1}MobileFormFactor")
    assert mobile is not None
    addresses = {image.get("id"): image.get("DefaultValue") for image in xml.findall(".//{*}Images/{*}Image")}
    shown = {
        (int(image.get("size") or 0), int(image.get("scale") or 0)): addresses[image.get("resid")]
        for image in mobile.iter("{*}Image")
    }
    assert shown == {
        (size, scale): facts.icon(size * scale) for size in MOBILE_SIZES for scale in MOBILE_SCALES
    }
