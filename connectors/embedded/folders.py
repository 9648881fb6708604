"""Opens what lies in a folder that somebody gave us, and nothing that a link in it points to."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from stat import S_ISDIR, S_ISLNK, S_ISREG

LINK = "it is a link, and links in a folder are not followed; import what it points to by itself"
LINKED_FOLDER = "it is a link to another folder; import that by itself"
NO_FILE = "it is no file but a pipe, a socket or a device"
# A pipe would be waited for until somebody writes into it.
READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
HAS_PLACES = os.open in os.supports_dir_fd and hasattr(os, "O_NOFOLLOW")


def shown(name: str) -> str:
    """A file's name without what would move the cursor of a terminal, or is no text at all."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in name)


class NotOpenedError(OSError):
    """A thing that is not opened for what it is; `reason` says so."""

    def __init__(self, reason: str) -> None:
        super().__init__(errno.ELOOP, reason)
        self.reason = reason


def why_not_opened(path: Path) -> str:
    """Why a thing in a folder is not to be opened, "" for a file; raises OSError, also for a dead link."""
    if path.is_symlink():
        return LINKED_FOLDER if S_ISDIR(path.stat().st_mode) else LINK
    return "" if S_ISREG(path.lstat().st_mode) else NO_FILE


@contextmanager
def open_below(top: Path, parts: tuple[str, ...]) -> Iterator[BufferedReader]:
    """A regular file below a folder, for reading; without parts `top` itself, which may be a link.

    Each part is opened where the one before was found, so a link that takes the place of a folder
    or file meanwhile is not followed either. Raises OSError, NotOpenedError for what is no file.
    """
    descriptor = _descend(top, parts) if HAS_PLACES else _compare(top, parts)
    if not S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise NotOpenedError(NO_FILE)
    with os.fdopen(descriptor, "rb") as file:
        yield file


def _descend(top: Path, parts: tuple[str, ...]) -> int:
    place = os.open(top, READ)
    for part in parts:
        try:
            below = os.open(part, READ | os.O_NOFOLLOW, dir_fd=place)
        except OSError as error:
            if error.errno in {errno.ELOOP, errno.EMLINK}:
                raise NotOpenedError(LINK) from None
            raise
        finally:
            os.close(place)
        place = below
    return place


def _compare(top: Path, parts: tuple[str, ...]) -> int:
    """Where the system opens nothing relative to a folder (Windows): what was opened is no link's target."""
    path = top.joinpath(*parts)
    descriptor = os.open(path, READ)
    try:
        below = [top.joinpath(*parts[: number + 1]) for number in range(len(parts))]
        if any(S_ISLNK(each.lstat().st_mode) for each in below) or (
            parts and not os.path.samestat(path.lstat(), os.fstat(descriptor))
        ):
            raise NotOpenedError(LINK)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
