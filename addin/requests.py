"""What requests are made of: ids in paths, slices of lists, bodies and queries of their own."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

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
