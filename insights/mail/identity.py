"""Which id an email has: the same in every mailbox, in the CRM and in our own tables."""

from uuid import UUID, uuid5


def message_id_key(internet_message_id: str) -> str:
    """What equal Message-IDs share: no surrounding whitespace and angle brackets, else exact; "" if none."""
    return internet_message_id.strip().strip("<>").strip().encode("utf-8", "replace").decode("utf-8")


def email_id(organization_id: str, internet_message_id: str) -> str:
    """The key of the CRM row an email has or would get: UUIDv5 of the organisation and the Message-ID."""
    return str(uuid5(UUID(organization_id), message_id_key(internet_message_id)))
