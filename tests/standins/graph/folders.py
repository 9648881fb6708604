"""The folders of a mailbox, with the names that stand for the well-known ones in paths."""

from dataclasses import dataclass

WELL_KNOWN = {
    "msgfolderroot": "Top of Information Store",
    "inbox": "Inbox",
    "drafts": "Drafts",
    "sentitems": "Sent Items",
    "deleteditems": "Deleted Items",
    "junkemail": "Junk Email",
    "archive": "Archive",
    "outbox": "Outbox",
    "recoverableitemsdeletions": "Deletions",
}
HIDDEN = frozenset({"recoverableitemsdeletions"})


@dataclass(slots=True)
class Folder:
    """A mail folder; `parent_id` is "" for the root and for what lies outside it."""

    id: str
    display_name: str
    parent_id: str
    name: str = ""
    """The well-known name, "" for a user's own folder."""
    change: int = 0
    """When it was made or last moved, as `Mailbox.folder_change` counts."""

    @property
    def is_hidden(self) -> bool:
        """Whether mail clients do not show it."""
        return self.name in HIDDEN
