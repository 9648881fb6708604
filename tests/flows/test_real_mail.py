"""Real mail as a mailbox: a contact's timeline lists exactly the messages that carry the address."""

import email
import email.policy
from collections import Counter
from email.utils import getaddresses
from pathlib import Path

import pytest

from tests.flows.liaison import USERS, Liaison

pytestmark = pytest.mark.testdata
OWNER = "ann@ours.example"


def scan(folder: Path) -> dict[str, set[str]]:
    """Message-IDs by address, by a plain look at the headers From, To and Cc of every file."""
    found: dict[str, set[str]] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            message = email.message_from_bytes(path.read_bytes(), policy=email.policy.compat32)
            message_id = str(message["Message-ID"] or "").strip()
            headers = [str(value) for name in ("From", "To", "Cc") for value in message.get_all(name, [])]
            for _, address in getaddresses(headers):
                if message_id and address.isascii() and address.count("@") == 1 and "+" not in address:
                    found.setdefault(address.lower(), set()).add(message_id)
    return found


async def test_timelines_equal_a_plain_scan(testdata: Path, tmp_path: Path) -> None:
    ham = testdata / "mail" / "spamassassin" / "ham"
    scanned = scan(ham)
    frequent = Counter({address: len(ids) for address, ids in scanned.items()}).most_common()
    chosen = [address for address, _ in frequent[:12] + frequent[40:240:10]]
    liaison = Liaison(tmp_path)
    contacts = [
        {"contactid": f"c{number}", "lastname": f"Person {number}", "emailaddress1": address.upper()}
        for number, address in enumerate(chosen)
    ]
    liaison.import_crm({
        "systemusers": USERS,
        "roles": [{"roleid": "admin", "name": "System Administrator"}],
        "systemuserroles": [{"systemuserid": "root", "roleid": "admin"}],
        "contacts": contacts,
    })  # fmt: skip
    assert "1,200" in liaison.command("import", "mail", str(ham), "--mailbox", OWNER).replace("1200", "1,200")
    async with liaison:
        await liaison.turn_on("auto_capture")
        for number, address in enumerate(chosen):
            items = await liaison.timeline("ann", "contact", f"c{number}", days="36500", limit="200")
            listed = Counter(item["internet_message_id"] for item in items)
            assert set(listed) == scanned[address], address
            assert set(listed.values()) == {1}
