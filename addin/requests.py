"""What the HTTP API takes that no use-case takes as a whole: queries, path ids, small bodies."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from insights.views import Ref

# Ids come from other systems and have any form, but no control characters.
Id = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$")]
Table = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9_]+$")]
Limit = Annotated[int, Field(ge=1, le=200)]
Cursor = Annotated[str, StringConstraints(min_length=1, max_length=1000)]


class Body(BaseModel):
    """A request body; unknown fields are an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Query(BaseModel):
    """Query parameters; unknown ones are ignored."""

    model_config = ConfigDict(frozen=True)


class PageQuery(Query):
    """Which slice of a list."""

    cursor: Cursor | None = None
    limit: Limit = 50


class RecordQuery(PageQuery):
    """Records by name `q`, address `email` and `table`; nothing given = all."""

    q: str = Field("", max_length=2000)
    email: str = Field("", max_length=320)
    table: str = Field("", max_length=128)


class RecordLookup(Body):
    """The same as a body, so that names and addresses stay out of access logs."""

    q: str = Field("", max_length=2000)
    email: str = Field("", max_length=320)
    table: str = Field("", max_length=128)
    cursor: Cursor | None = None
    limit: Limit = 50


class TimelineQuery(PageQuery):
    """How far back a timeline goes."""

    days: int = Field(30, ge=1, le=36500)


class EmailQuery(Query):
    """The open email; `mailbox` is the address of a shared mailbox it lies in, none = the caller's own."""

    internet_message_id: str = Field(min_length=1, max_length=998)
    mailbox: str | None = Field(None, max_length=320)


class EmailLookup(Body):
    """The open email, as a body."""

    internet_message_id: str = Field(min_length=1, max_length=998)
    mailbox: str | None = Field(None, max_length=320)


class RegardingBody(Body):
    """What an email is about from now on; null = nothing."""

    regarding: Ref | None


class LinkBody(Body):
    """A further record an email belongs to."""

    record: Ref
