"""Why an item is in a timeline."""

from datetime import UTC, datetime

from insights.capture.items import reason
from insights.mail.addresses import relation_key
from insights.model import Message, RecordAddress

AT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
ADDRESSES = {
    relation_key("ana@fabrikam.example"): RecordAddress("ana@fabrikam.example", "Ana Silva", "stakeholder"),
    relation_key("zoe@fabrikam.example"): RecordAddress("Zoe@fabrikam.example", "Zoe Dorn", "this record"),
}


def test_every_author_of_a_message_is_one_whom_it_is_from() -> None:
    def why(sender: str, *authors: str, to: str = "ann@ours.example") -> str:
        message = Message("id", "<1@x.example>", "c", "Offer", AT, AT, sender, to=(to,), authors=authors)
        return str(reason(message, ADDRESSES))

    assert why("ana@fabrikam.example", "zoe@fabrikam.example") == "from Ana Silva, stakeholder"
    assert why("x@else.example", "ZOE@fabrikam.example", to="ana@fabrikam.example") == "from Zoe Dorn"
    assert why("x@else.example", "y@else.example", to="ana@fabrikam.example") == "to Ana Silva, stakeholder"
    assert why("x@else.example", "y@else.example") == ""
