"""Opens what Outlook packs files into for whom it takes for another Outlook (`winmail.dat`)."""

import logging
import warnings
from typing import Any

from insights.mail.parsing.charsets import decode

TNEF_TYPES = frozenset(("application/ms-tnef", "application/vnd.ms-tnef"))

# The library tells every odd property, with words of the mail.
logging.getLogger("tnefparse").disabled = True


def open_tnef(content: bytes) -> list[tuple[str, bytes]]:
    """Name and bytes of each file in it; [] for what is damaged or no such package."""
    from tnefparse import TNEF

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            package = TNEF(content, do_checksum=False)
            return [(_name(file), bytes(file.data)) for file in package.attachments if file.data]
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - a damaged package: it stays the one file that it came as
        return []


def _name(file: Any) -> str:
    try:
        name = file.long_filename()
    except UnicodeDecodeError:  # the library takes what older versions write for UTF-8
        name = vars(file).get("_name", "")
    text = decode(name, "") if isinstance(name, bytes) else str(name)
    return text.strip("\x00 ")
