"""A message with a sensitivity label is recognised, however its header is written."""

import pytest

from insights.mail.parsing import worker
from insights.mail.parsing.parsed import ParsedMessage

GUID = "a0b1c2d3-e4f5-6789-abcd-ef0123456789"


@pytest.mark.parametrize(
    ("header", "labels"),
    [
        ("", ()),
        (f"MSIP_Label_{GUID}_Enabled=True; MSIP_Label_{GUID}_Name=Secret", (GUID,)),
        (f"MSIP_Label_{GUID}_Enabled =\r\n true;", (GUID,)),
        ("MSIP_Label_abc123_Enabled=True; MSIP_Label_abc123_Name=Secret;", ("abc123",)),
        ("MSIP_Label_x_Enabled=1", ("x",)),
        ("MSIP_Label_a_b_Enabled=true", ("unreadable",)),
        (f"MSIP_Label_{GUID}_Enabled=false;", ()),
        ("whatever", ("unreadable",)),
    ],
)
def test_labels(header: str, labels: tuple[str, ...]) -> None:
    line = f"msip_labels: {header}\r\n" if header else ""
    raw = f"From: ana@fabrikam.example\r\nMessage-ID: <1@x>\r\n{line}\r\nHello".encode()
    parsed = worker.parse(raw)
    assert isinstance(parsed, ParsedMessage)
    assert parsed.labels == labels
