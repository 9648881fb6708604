"""Errors of the Web API, and the Problems they become; the service's own words stay behind.

A message of the service may quote a row, so it is neither logged nor passed on: only its code is.
"""

from typing import NoReturn

from insights.errors import Conflict, Invalid, NotAllowed, NotFound, Problem, TooLarge, Unavailable
from insights.outside import read_json
from insights.words import Said, say

DUPLICATE_KEY = "0x80040237"
NOT_BELONGING = {"0x80072560", "0x80040225"}
"""The user to act for is none of this organisation, or disabled."""
BLOCKED_ATTACHMENT = "0x80043e09"
LARGE_ATTACHMENT = "0x80044a02"
READ_ONLY = {"0x80040203", "0x8004023a"}
EXPIRED_VERSION = "0x80044352"
ACT_ON_BEHALF = "prvActOnBehalfOfAnotherUser"
PASSING = {401: say("why.does_not_accept_liaisons_sign"), 429: say("why.asked_too_much_right_now")}
"""What a refusal that may pass is called, by status; others are faults of the service."""


class ServiceFault(Exception):
    """An answer that is no success: HTTP status, the service's code, whether impersonation is refused."""

    def __init__(self, status: int, code: str = "", *, may_not_act: bool = False) -> None:
        super().__init__(status, code)
        self.status, self.code, self.may_not_act = status, code, may_not_act

    @property
    def is_duplicate(self) -> bool:
        """Whether a row with this key is there already."""
        return self.code == DUPLICATE_KEY

    @property
    def is_hidden(self) -> bool:
        """Whether what was asked for is missing or not for this user to see."""
        refused = self.status == 403 and not self.may_not_act and self.code not in NOT_BELONGING
        return self.status == 404 or refused


def read_fault(status: int, body: bytes) -> ServiceFault:
    """The fault in an answer's body, whatever that is."""
    try:
        error = read_json(body)["error"]
        code, message = str(error.get("code", "")), str(error.get("message", ""))
    except (ValueError, KeyError, TypeError, AttributeError):
        return ServiceFault(status)
    return ServiceFault(status, code.lower(), may_not_act=ACT_ON_BEHALF.lower() in message.lower())


def not_found(table: str) -> NotFound:
    """What is said of a row that is missing or hidden, which must sound the same."""
    return NotFound("record_not_found.none", table=table)


def raise_problem(fault: ServiceFault, table: str = "record") -> NoReturn:
    """The Problem a fault means for a row of this table."""
    raise as_problem(fault, table) from None


def as_problem(fault: ServiceFault, table: str = "record") -> Problem:
    """The same, not raised."""
    by_code = _by_code(fault, table)
    if by_code:
        return by_code
    if fault.status == 404:
        return not_found(table)
    if fault.status == 403:
        return NotAllowed("not_allowed.privilege")
    if fault.status < 500 and fault.status not in {401, 429}:
        return Invalid("crm_refused", answer=f"{fault.status} {fault.code}".strip())
    return unreachable(PASSING.get(fault.status, say("why.fault_of_its_own", status=fault.status)))


def _by_code(fault: ServiceFault, table: str) -> Problem | None:
    """What the service's own code says more than the status."""
    if fault.may_not_act:
        return Unavailable("may_not_impersonate", act_on_behalf=ACT_ON_BEHALF)
    if fault.code in NOT_BELONGING:
        return NotAllowed("not_allowed.no_user")
    if fault.code in {BLOCKED_ATTACHMENT, LARGE_ATTACHMENT} or fault.status == 413:
        return blocked_file() if fault.code == BLOCKED_ATTACHMENT else large_file()
    if fault.is_duplicate or fault.status in {409, 412}:
        return Conflict("changed")
    if fault.code in READ_ONLY:
        return Conflict("read_only", table=table)
    return None


def unreachable(why: Said) -> Unavailable:
    """The CRM gives no answer."""
    return Unavailable("unavailable", why=why)


def blocked_file() -> Invalid:
    """A file of a type that the organisation does not take."""
    return Invalid("blocked_attachment.dataverse")


def large_file() -> TooLarge:
    """A file that is larger than the organisation takes."""
    return TooLarge("attachment_too_large.dataverse")
