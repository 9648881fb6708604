"""Mail that no relation can be read from: drafts, what was deleted, junk, chats; by where programs note it.

As with what has been read, only what mail programs write beside or into their own files counts, not what a
sender can put there.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import PurePath

from connectors.embedded.mail.flags import HEAD_END, HEAD_LIMIT, MAILDIR, MOZILLA
from insights.mail.parsing.words import decode_words, unfold

DRAFT, DELETED, JUNK, CHAT = "it is a draft", "it was deleted", "it is junk", "it is a chat"
REASONS = (DRAFT, DELETED, JUNK, CHAT)
FOLDERS = {
    DRAFT: "drafts draft templates entwürfe vorlagen brouillons borradores bozze concepten rascunhos",
    DELETED: "trash|deleted|deleted items|deleted messages|bin|papierkorb|gelöschte elemente|corbeille"
    "|papelera|éléments supprimés|elementos eliminados|cestino|prullenbak|lixeira",
    JUNK: "junk|spam|junk e-mail|junk email|bulk|bulk mail|junk-e-mail|pourriel|correo no deseado"
    "|posta indesiderata|indésirables|ongewenste e-mail",
    CHAT: "chat chats",
}
NAMES = {
    name: reason for reason, names in FOLDERS.items() for name in names.split("|" if "|" in names else None)
}
MAILBOXES = frozenset(("", ".mbox", ".mbx", ".sbd"))
"""Endings of mailboxes; `draft.eml` is a mail that somebody called so."""
TAKEOUT = re.compile(
    rb"\A(?:From [^\n]*\n)?X-GM-THRID:[^\n]*\nX-Gmail-Labels:([^\n]*(?:\n[ \t][^\n]*)*)", re.IGNORECASE
)
"""At the head of all others, where no sender's header gets to."""
X_STATUS = re.compile(rb"^X-Status[ \t]*:[ \t]*([RONACDFTU \t]*)\r?$", re.MULTILINE | re.IGNORECASE)
MOZILLA_EXPUNGED = 0x0008
FLAGS = {"D": DRAFT, "T": DELETED}
X_FLAGS = {b"D": DELETED, b"T": DRAFT}


def of_mbox(raw: bytes) -> str:
    """Why a message of a mailbox is left out, "" if it is not."""
    head = raw[:HEAD_LIMIT]
    if end := HEAD_END.search(head):
        head = head[: end.end()]
    if found := TAKEOUT.match(head):
        labels = decode_words(unfold(found[1].decode("ascii", "surrogateescape"))).split(",")
        return next(
            (NAMES[key] for label in labels if (key := label.strip().strip('"').lower()) in NAMES), ""
        )
    if (mozilla := MOZILLA.search(head)) and int(mozilla[1], 16) & MOZILLA_EXPUNGED:
        return DELETED
    letters = b"".join(X_STATUS.findall(head))
    return next((reason for letter, reason in X_FLAGS.items() if letter in letters), "")


def of_place(parts: Sequence[str], *, is_delivered: bool) -> str:
    """Why a file below the folder that is imported is left out, by the folders it is in and its flags."""
    for part in parts[:-1] if is_delivered else parts:
        if reason := _named(part, is_file=part is parts[-1]):
            return reason
    flags = MAILDIR.search(parts[-1]) if parts and is_delivered else None
    letters = flags[1] if flags else ""
    return next((reason for flag, reason in FLAGS.items() if flag in letters), "")


@lru_cache(maxsize=4096)
def _named(part: str, *, is_file: bool) -> str:
    """What a folder or mailbox of this name holds, "" for mail."""
    stem, ending = PurePath(part).stem, PurePath(part).suffix
    if is_file and ending.lower() not in MAILBOXES:
        return ""
    names = stem if ending.lower() in MAILBOXES else part, *part.split(".")  # Maildir++ parts folders by dots
    return next((reason for name in names if (reason := NAMES.get(name.strip().lower()))), "")
