"""Whether a message has been read, as the file says it lies in; None where that says nothing.

Only what mail programs write beside or into their own files counts: who sends a mail can put the same
headers into it, but its reader's program writes them anew as it stores it.
"""

import re

HEAD_LIMIT = 256 * 1024
HEAD_END = re.compile(rb"\r?\n\r?\n")
STATUS = re.compile(rb"^(?i:(?:X-)?Status)[ \t]*:[ \t]*([RONACDFTU \t]*)\r?$", re.MULTILINE)
"""Other letters are somebody's own header, the state of a ticket for one."""
MOZILLA = re.compile(rb"^(?i:X-Mozilla-Status)[ \t]*:[ \t]*([0-9A-Fa-f]{1,8})[ \t]*\r?$", re.MULTILINE)
MOZILLA_READ = APPLE_READ = 0x0001
MAILDIR = re.compile(r"[:;!]2,([A-Za-z]*)$")
"""The flags at the end of a file's name; where a name can hold no colon, others stand for it."""
APPLE = re.compile(rb"<key>flags</key>\s*<integer>(\d{1,19})</integer>")
NEW = "new"


def of_mbox(raw: bytes) -> bool | None:
    """By `Status` and `X-Status` (R = read, A = answered), else by Thunderbird's `X-Mozilla-Status`."""
    head = raw[:HEAD_LIMIT]
    if end := HEAD_END.search(head):
        head = head[: end.end()]
    letters = STATUS.findall(head)
    if letters:
        return bool({b"R", b"A"} & {bytes([each]) for each in b"".join(letters)})
    mozilla = MOZILLA.search(head)
    return bool(int(mozilla[1], 16) & MOZILLA_READ) if mozilla else None


def of_maildir(folder: str, name: str) -> bool | None:
    """By the flag S (seen) in the name of a file; what lies in `new` no program has shown to anybody."""
    if folder == NEW:
        return False
    flags = MAILDIR.search(name)
    return "S" in flags[1] if flags else None


def of_apple(end: bytes) -> bool | None:
    """By the property list that an .emlx has behind its message."""
    flags = APPLE.search(end)
    return bool(int(flags[1]) & APPLE_READ) if flags else None
