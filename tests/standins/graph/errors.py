"""Graph's refusals, in the codes and words of the service."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(eq=False)
class GraphError(Exception):
    """A refusal: becomes `{"error": {"code", "message", "innerError"}}` with this status."""

    status: int
    code: str
    message: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__(f"{self.status} {self.code}: {self.message}")


def item_not_found() -> GraphError:
    """An id that names nothing in this mailbox, be it mistyped, moved away or another mailbox's."""
    return GraphError(404, "ErrorItemNotFound", "The specified object was not found in the store.")


def access_denied() -> GraphError:
    """Exchange refuses: a scope or a right on the mailbox is missing."""
    return GraphError(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")


def insufficient_privileges() -> GraphError:
    """The directory refuses: a scope is missing."""
    return GraphError(
        403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation."
    )


def invalid_user(name: str) -> GraphError:
    """There is nobody of that id or address."""
    return GraphError(404, "ErrorInvalidUser", f"The requested user '{name}' is invalid.")


def no_mailbox() -> GraphError:
    """A user without a mailbox in Exchange Online, or one whose mailbox is on its way elsewhere."""
    return GraphError(
        404,
        "MailboxNotEnabledForRESTAPI",
        "The mailbox is either inactive, soft-deleted, or is hosted on-premise.",
    )


def resource_not_found(name: str) -> GraphError:
    """The directory knows no such object."""
    return GraphError(
        404,
        "Request_ResourceNotFound",
        f"Resource '{name}' does not exist or one of its queried reference-property objects are not present.",
    )


def no_such_segment(segment: str) -> GraphError:
    """A path that no route serves."""
    return GraphError(400, "BadRequest", f"Resource not found for the segment '{segment}'.")


def malformed_id() -> GraphError:
    """An id that no Exchange wrote."""
    return GraphError(400, "ErrorInvalidIdMalformed", "Id is malformed.")


def bad_select(message: str) -> GraphError:
    """A `$select` or `$expand` that does not fit the type."""
    return GraphError(400, "BadRequest", f"Parsing OData Select and Expand failed: {message}")


def bad_filter(message: str, *, is_outlook: bool) -> GraphError:
    """A `$filter` or `$orderby` that cannot be read or names what is not there."""
    if is_outlook:
        return GraphError(400, "RequestBroker--ParseUri", message)
    return GraphError(400, "BadRequest", f"Invalid filter clause: {message}")


def unsupported_filter() -> GraphError:
    """A readable `$filter` that Exchange does not do, lambdas on recipients for one."""
    return GraphError(
        400, "ErrorInvalidUrlQueryFilter", "The query filter contains one or more invalid nodes."
    )


def invalid_query(message: str) -> GraphError:
    """A query option that does not fit."""
    return GraphError(400, "ErrorInvalidUrlQuery", message)


def bad_body(message: str) -> GraphError:
    """A body with a name or value that its type does not have."""
    return GraphError(400, "RequestBodyRead", message)


def bad_request(message: str) -> GraphError:
    """A request that cannot be read at all."""
    return GraphError(400, "BadRequest", message)


def invalid_token(message: str) -> GraphError:
    """No token, or one that proves nothing."""
    challenge = (
        'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize"'
    )
    return GraphError(401, "InvalidAuthenticationToken", message, {"WWW-Authenticate": challenge})


def mailbox_concurrency() -> GraphError:
    """More than four requests of one app at a time for one mailbox."""
    return GraphError(
        429,
        "ApplicationThrottled",
        "Application is over its MailboxConcurrency limit.",
        {"Retry-After": "1"},
    )


def sync_state_not_found() -> GraphError:
    """A delta token that is too old."""
    return GraphError(
        410,
        "SyncStateNotFound",
        "The sync state generation is not found; generation=149;[highest=157][157][155][156].",
    )
