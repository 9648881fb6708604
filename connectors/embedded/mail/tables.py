"""The embedded mail server's tables (`mailbox.sqlite`): the only place that holds untracked mail.

Times are microseconds since 1970 UTC and ids 16 bytes: a timeline reads hundreds of them, and both
compare in SQLite and PostgreSQL as the values they stand for.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    true,
)

from insights.database import ADDRESS, NONE, TEXT, USER, metadata

mail = metadata()

mailboxes = Table(
    "mailboxes",
    mail,
    Column("id", Integer, primary_key=True, autoincrement=True, info=NONE),
    Column("address_key", String(512), nullable=False, unique=True, info=ADDRESS),
    Column("version", BigInteger, nullable=False, info=NONE),
)

# Names from versions before, which folded `ann+ext@…` into `ann@…`; see unfolding.py.
folded_keys = Table("folded_keys", mail, Column("address_key", String(512), primary_key=True, info=ADDRESS))

# Who reads a mailbox beside its owner; both are keys of addresses.
shares = Table(
    "shares",
    mail,
    Column("address_key", String(512), primary_key=True, info=ADDRESS),
    Column("reader_key", String(512), primary_key=True, info=ADDRESS),
)

# `version` is that of the mailbox when the message came or last changed.
messages = Table(
    "messages",
    mail,
    Column("mailbox_id", Integer, ForeignKey("mailboxes.id"), primary_key=True, info=USER),
    Column("email_id", LargeBinary(16), primary_key=True, info=NONE),
    Column("at", BigInteger, nullable=False, info=NONE),
    Column("conversation_id", LargeBinary(16), nullable=False, info=NONE),
    Column("summary", Text, nullable=False, info=TEXT),
    Column("is_read", Boolean, nullable=False, server_default=true(), info=NONE),
    Column("version", BigInteger, nullable=False, server_default="0", info=NONE),
    Index("ix_messages_mailbox_id_at_email_id", "mailbox_id", "at", "email_id"),
    Index("ix_messages_mailbox_id_conversation_id", "mailbox_id", "conversation_id"),
    Index("ix_messages_mailbox_id_version_email_id", "mailbox_id", "version", "email_id"),
)

# Messages that the mailbox no longer holds, by the version at which they went; nothing of them but the id.
tombstones = Table(
    "tombstones",
    mail,
    Column("mailbox_id", Integer, primary_key=True, info=USER),
    Column("email_id", LargeBinary(16), primary_key=True, info=NONE),
    Column("version", BigInteger, nullable=False, info=NONE),
    Index("ix_tombstones_mailbox_id_version_email_id", "mailbox_id", "version", "email_id"),
)

# Apart from `messages`, so that reading summaries does not drag the bytes along.
contents = Table(
    "contents",
    mail,
    Column("mailbox_id", Integer, primary_key=True, info=USER),
    Column("email_id", LargeBinary(16), primary_key=True, info=NONE),
    Column("stored", LargeBinary, nullable=False, info=TEXT),
)

# Who is in From, To or Cc of what: a search walks a stretch of this key per address.
participants = Table(
    "participants",
    mail,
    Column("mailbox_id", Integer, primary_key=True, info=USER),
    Column("address_key", String(512), primary_key=True, info=ADDRESS),
    Column("at", BigInteger, primary_key=True, info=NONE),
    Column("email_id", LargeBinary(16), primary_key=True, info=NONE),
    sqlite_with_rowid=False,
)

# Which conversation a Message-ID, seen or only referred to, or a subject among people belongs to, and
# which one a joined conversation has become part of.
thread_keys = Table(
    "thread_keys",
    mail,
    Column("mailbox_id", Integer, primary_key=True, info=USER),
    Column("key", LargeBinary(16), primary_key=True, info=ADDRESS),
    Column("conversation_id", LargeBinary(16), nullable=False, info=NONE),
    sqlite_with_rowid=False,
)
