"""Ids shaped like Exchange's: opaque, case-sensitive, URL-safe base64."""

import base64
import binascii
import hashlib
import struct

MUTABLE, IMMUTABLE, FOLDER, CONVERSATION = (
    b"\x00\x03$\x00",
    b"\x00\x09\x00.",
    b"\x00\x04$\x00",
    b"\x00\x04\x24\x01",
)


def exchange_id(kind: bytes, mailbox_id: str, *numbers: int) -> str:
    """An id that says nothing and is the same for the same mailbox and numbers."""
    digest = hashlib.sha256(mailbox_id.encode()).digest()[:24]
    counted = b"".join(struct.pack(">Q", number) for number in numbers)
    return base64.urlsafe_b64encode(kind + mailbox_id.encode() + digest + counted).decode()


def conversation_id(mailbox_id: str, seed: str) -> str:
    """The id of the conversation that began with `seed`."""
    digest = hashlib.sha256(f"{mailbox_id} {seed}".encode()).digest()[:16]
    return base64.urlsafe_b64encode(CONVERSATION + mailbox_id.encode() + b"\x00\x10\x00" + digest).decode()


def conversation_index(seed: str) -> str:
    """The 22 bytes of a conversation's first message, base64."""
    return base64.b64encode(b"\x01" + hashlib.sha256(seed.encode()).digest()[:21]).decode()


def change_key(number: int) -> str:
    """The version of an item."""
    return base64.b64encode(b"\x09\x00\x00\x00\x16\x00\x00\x00" + struct.pack(">Q", number)).decode()


def is_well_formed(item_id: str) -> bool:
    """Whether Exchange could have written the id."""
    try:
        return len(base64.b64decode(item_id.encode(), altchars=b"-_", validate=True)) >= 16
    except (binascii.Error, UnicodeEncodeError, ValueError):
        return False
