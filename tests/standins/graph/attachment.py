"""An attachment as Exchange keeps it, and as Graph tells it."""

import base64
from dataclasses import dataclass, field
from datetime import datetime

from tests.standins.graph.times import to_text
from tests.standins.graph.wire import Json


@dataclass(slots=True)
class Attachment:
    """A file, a message within the message (its MIME), or a link without bytes, as `kind` says."""

    name: str
    content_type: str
    content: bytes
    kind: str = "fileAttachment"
    is_inline: bool = False
    content_id: str | None = None
    content_location: str | None = None
    modified_at: datetime | None = None
    id: str = field(default="", compare=False)

    def to_json(self, *, overhead: int = 0, with_content: bool = True) -> Json:
        """The attachment with its bytes, or without them."""
        told: Json = {
            "@odata.type": f"#microsoft.graph.{self.kind}",
            "@odata.mediaContentType": self.content_type,
            "id": self.id,
            "lastModifiedDateTime": to_text(self.modified_at) if self.modified_at else None,
            "name": self.name,
            "contentType": None if self.kind == "itemAttachment" else self.content_type,
            "size": len(self.content) + overhead,
            "isInline": self.is_inline,
        }
        if self.kind == "fileAttachment":
            told |= {"contentId": self.content_id, "contentLocation": self.content_location}
            if with_content:
                told["contentBytes"] = base64.b64encode(self.content).decode()
        return told
