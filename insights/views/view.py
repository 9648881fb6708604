"""What all answers and requests are made of; field names are those of the HTTP contract."""

from typing import Annotated, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    InstanceOf,
    PlainSerializer,
    SerializationInfo,
    WithJsonSchema,
)

from insights.model import Record
from insights.words import DEFAULT, Phrase, Said, read_words


def _in_language(said: Said, info: SerializationInfo) -> str:
    """A phrase in the language whose words are the context of the serialization, English without."""
    return said if isinstance(said, str) else (info.context or read_words(DEFAULT))(said)


Sentence = Annotated[
    str | InstanceOf[Phrase],
    PlainSerializer(_in_language, return_type=str),
    WithJsonSchema({"type": "string"}),
]
"""What people read, in the language of whom it is sent to."""


class View(BaseModel):
    """A frozen answer or request; unknown fields are an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True)


class Ref(View):
    """One CRM row by table (logical name) and id."""

    table: str = Field(min_length=1, max_length=128)
    id: str = Field(min_length=1, max_length=64)


class RecordItem(View):
    """A CRM record in a list; a person's subtitle is the email address."""

    table: str
    id: str
    name: str
    subtitle: str = ""

    @classmethod
    def of(cls, record: Record) -> Self:
        """The list entry of a record."""
        return cls(table=record.table, id=record.id, name=record.name, subtitle=record.subtitle)
