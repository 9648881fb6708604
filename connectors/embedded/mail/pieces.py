"""What a file gives: a message's bytes, or the reason why it gives none."""

from dataclasses import dataclass

from connectors.embedded.parsing.parsed import MESSAGE_LIMIT

TOO_LARGE = f"it is larger than {MESSAGE_LIMIT // 1024**2} MiB"
NOT_MAIL = "it does not look like a mail"


@dataclass(frozen=True, slots=True)
class SourceMessage:
    """A message as it was found: its bytes, or why it has none; `size` of the source was read for it."""

    name: str
    raw: bytes
    size: int
    reason: str = ""


def piece(name: str, raw: bytes, size: int) -> SourceMessage:
    """A message of which `raw` may be only the beginning where `size` is beyond the limit."""
    if size > MESSAGE_LIMIT:
        return SourceMessage(name, b"", size, TOO_LARGE)
    return SourceMessage(name, raw, size)
