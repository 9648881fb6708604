"""What was only viewed is nowhere at rest but in the mailbox."""

import base64
import os
from collections.abc import Iterator
from pathlib import Path

from tests.flows.liaison import Liaison, letter

SECRETS = ("Zanzibarmelodie", "quokkaquittung", "ximena.ulloa@yttrium.example", "Ximena Ulloa")
CONTACT = {"contactid": "ana", "lastname": "Silva", "emailaddress1": "ana@fabrikam.example"}


def spellings(text: str) -> Iterator[bytes]:
    """A text as it may lie in a file: plain, lower case, UTF-16, base64 at each of its three offsets."""
    for encoded in (text.encode(), text.lower().encode(), text.encode("utf-16-le"), text.encode("utf-16-be")):
        yield encoded
        for offset in range(3):
            # Without what neighbouring bytes decide, a text has three spellings in base64.
            spelled = base64.b64encode(b"x" * offset + encoded)
            yield spelled[4 if offset else 0 : (len(spelled) - 4)]


def leaks(folder: Path, log: Path) -> list[str]:
    found = []
    for path in [*folder.rglob("*"), log]:
        if path.is_file() and path.name != "mailbox.sqlite":
            content = path.read_bytes()
            found += [
                f"{path.name}: {secret}" for secret in SECRETS for way in spellings(secret) if way in content
            ]
    return found


async def test_a_viewed_email_leaves_no_trace(installation: Liaison) -> None:
    installation.environment["LIAISON_LOG_LEVEL"] = "debug"
    await installation.start()
    await installation.turn_on("auto_capture")
    secret = letter(
        "untold-77",
        subject=SECRETS[0],
        text=f"{SECRETS[1]}\n",
        to=f"ann@ours.example, {SECRETS[3]} <{SECRETS[2]}>",
    )
    secret.add_attachment(b"x", maintype="text", subtype="csv", filename=f"{SECRETS[1]}.csv")
    public = letter(2, subject="Known to all")
    installation.import_mail("ann@ours.example", [secret, public])
    items = await installation.timeline("ann", "contact", "ana")
    assert {item["subject"] for item in items} == {SECRETS[0], "Known to all"}
    opened = await installation.get("ann", "/api/v1/emails", internet_message_id="<untold-77@mail.example>")
    assert opened["unknown"] == [SECRETS[2]]
    await installation.post("ann", "/api/v1/records/lookup", {"q": SECRETS[3], "email": SECRETS[2]})
    await installation.post("ann", f"/api/v1/emails/{opened['item']['id']}/retry", status=409)
    await installation.post("bob", f"/api/v1/emails/{opened['item']['id']}/track", status=404)
    other = next(item for item in items if item["subject"] != SECRETS[0])
    await installation.post("ann", f"/api/v1/emails/{other['id']}/track", status=202)
    await installation.wait_for_state("ann", ["<2@mail.example>"], "tracked")
    assert installation._session
    async with installation._session.get("/metrics") as response:
        metrics = await response.text()
    assert not [secret for secret in SECRETS if secret in metrics]
    assert "untold-77" not in metrics
    assert not leaks(installation.data, installation.log)
    await installation.stop()
    assert not leaks(installation.data, installation.log)
    assert "untold-77" not in installation.log.read_text()


async def test_what_is_untracked_again_is_gone_from_the_crm(liaison: Liaison) -> None:
    secret = letter(1, subject=SECRETS[0], text=SECRETS[1], to=f"ann@ours.example, {SECRETS[2]}")
    secret.add_attachment(SECRETS[1].encode() * 99, maintype="text", subtype="csv", filename="a.csv")
    liaison.import_mail("ann@ours.example", [secret])
    [item] = await liaison.timeline("ann", "contact", "ana")
    await liaison.post("ann", f"/api/v1/emails/{item['id']}/track", status=202)
    await liaison.wait_for_state("ann", ["<1@mail.example>"], "tracked")
    assert leaks(liaison.data, liaison.log)
    await liaison.post("ann", f"/api/v1/emails/{item['id']}/untrack")
    assert not leaks(liaison.data, liaison.log)


async def test_nobody_else_on_the_machine_may_read_it(liaison: Liaison) -> None:
    liaison.import_mail("ann@ours.example", [letter(1)])
    if os.name == "posix":
        open_to_others = [path for path in liaison.data.rglob("*") if path.stat().st_mode & 0o077]
        assert open_to_others == []


async def test_a_failed_track_keeps_only_ids_and_cause(liaison: Liaison) -> None:
    liaison.import_mail("ann@ours.example", [letter("untold-77", subject=SECRETS[0], text=SECRETS[1])])
    [item] = await liaison.timeline("ann", "contact", "ana")
    body = {"regarding": {"table": "account", "id": "fabrikam"}}
    # The record disappears between press and copy: nothing of the email may have been written.
    liaison.import_crm({"systemusers": [{"systemuserid": "ann", "fullname": "Ann", "isdisabled": "1"}]})
    await liaison.post("ann", f"/api/v1/emails/{item['id']}/track", body, status=401)
    assert not leaks(liaison.data, liaison.log)


def test_the_search_finds_every_spelling(tmp_path: Path) -> None:
    text = SECRETS[0]
    for number, content in enumerate(
        (
            text.encode(),
            text.encode("utf-16-le"),
            base64.b64encode(f"Subject: {text} and more".encode()),
            base64.b64encode(f"Subject:  {text} and more".encode()),
            base64.b64encode(f"Subject:   {text} and more".encode()),
        )
    ):
        (tmp_path / "file").write_bytes(b"noise " + content + b" noise")
        assert leaks(tmp_path, tmp_path / "file"), number
