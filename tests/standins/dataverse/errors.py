"""The errors the service answers with: status, code and message as Dataverse words them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

HELP = "For more information on this error please follow this help link https://go.microsoft.com/fwlink/?linkid=2195293"


@dataclass
class DataverseError(Exception):
    """An answer that is no success."""

    status: int
    code: str
    message: str
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def body(self) -> dict[str, Any]:
        """The error as it goes over the wire."""
        return {"error": {"code": self.code, "message": self.message}}


def bad_payload(entity_set: str, inner: str) -> DataverseError:
    """A body that is not valid OData for this table."""
    message = (
        f"Error identified in Payload provided by the user for Entity :'{entity_set}', {HELP}  ---->  "
        f"InnerException : Microsoft.OData.ODataException: {inner}"
    )
    return DataverseError(400, "0x80048d19", message)


def undeclared(entity_set: str, name: str) -> DataverseError:
    """A bind to something that is no navigation property (they are case-sensitive)."""
    return bad_payload(
        entity_set,
        f"An undeclared property '{name}' which only has property annotations in the payload but no property "
        "value was found in the payload. In OData, only declared navigation properties and declared named "
        "streams can be represented as properties without values.",
    )


def unknown_property(entity_set: str, table: str, name: str) -> DataverseError:
    """A property in a body that the table does not have."""
    return bad_payload(
        entity_set,
        f"The property '{name}' does not exist on type 'Microsoft.Dynamics.CRM.{table}'. Make sure to only "
        "use property names that are defined by the type.",
    )


def bad_query(message: str) -> DataverseError:
    """A query that cannot be understood."""
    return DataverseError(400, "0x80060888", message)


def no_such_property(table: str, name: str) -> DataverseError:
    """A query names a property that the table does not have."""
    return bad_query(f"Could not find a property named '{name}' on type 'Microsoft.Dynamics.CRM.{table}'.")


def no_such_resource(segment: str) -> DataverseError:
    """A path names no entity set, function or action."""
    return DataverseError(404, "0x8006088a", f"Resource not found for the segment '{segment}'.")


def no_such_row(table: str, row_id: str) -> DataverseError:
    """There is no row with this id."""
    return DataverseError(404, "0x80040217", f"Entity '{table}' With Id = {row_id} Does Not Exist")


def duplicate_key() -> DataverseError:
    """The primary key is taken."""
    return DataverseError(412, "0x80040237", "A record with matching key values already exists.")


def version_mismatch() -> DataverseError:
    """The row changed since the client read it."""
    return DataverseError(
        412,
        "0x80060882",
        "The version of the existing record doesn't match the RowVersion property provided.",
    )


def missing_privilege(user_id: str, privilege: str, privilege_id: str, table: str) -> DataverseError:
    """No role of the user has the privilege, at any depth."""
    return DataverseError(
        403,
        "0x80040220",
        f"Principal user (Id={user_id}, type=8) is missing {privilege} privilege (Id={privilege_id}) "
        f"for entity '{table}'.",
    )


def missing_right(user_id: str, right: str, table: str, row_id: str) -> DataverseError:
    """The user has the privilege, but not deep enough for this row."""
    return DataverseError(
        403,
        "0x80048306",
        f"Principal user (Id={user_id}, type=8) does not have {right}Access right(s) for record with id "
        f"{row_id} of entity {table}.",
    )


def out_of_range(column: str, table: str, value: object, accepted: Sequence[int]) -> DataverseError:
    """A choice column has no such option."""
    return DataverseError(
        400,
        "0x8004431a",
        f"A validation error occurred. The value {value} of '{column}' on record of type '{table}' is "
        f"outside the valid range. Accepted Values: {','.join(map(str, accepted))}",
    )


def too_long(column: str, table: str, limit: int, length: int) -> DataverseError:
    """A text is longer than its column."""
    return DataverseError(
        400,
        "0x80044331",
        f"A validation error occurred. The length of the '{column}' attribute of the '{table}' entity "
        f"exceeded the maximum allowed length of '{limit}'. The actual length is '{length}'.",
    )


def bad_status(status: object, table: str, state: str) -> DataverseError:
    """Status and state do not belong together."""
    kind = table.capitalize()
    return DataverseError(
        400,
        "0x80048408",
        f"{status} is not a valid status code for state code {kind}State.{state} on {table}",
    )


def required(column: str, table: str) -> DataverseError:
    """A column that the system requires is missing."""
    return DataverseError(400, "0x80040200", f"Required field '{column}' is missing on entity '{table}'.")


def blocked_attachment() -> DataverseError:
    """The organisation does not take files of this kind."""
    return DataverseError(
        400,
        "0x80043e09",
        "The attachment is either not a valid type or is too large. It cannot be uploaded or downloaded.",
    )


def attachment_too_large() -> DataverseError:
    """The file, in Base64, is larger than `maxuploadfilesize`."""
    return DataverseError(400, "0x80044a02", "Attachment file size is too big.")


def closed_activity(table: str) -> DataverseError:
    """A completed or cancelled activity does not change."""
    return DataverseError(
        400,
        "0x80040203",
        f"The {table} is read-only because it is completed or canceled, so it can't be changed.",
    )


def expired_delta() -> DataverseError:
    """The delta token is older than the service remembers."""
    return DataverseError(
        400,
        "0x80044352",
        "Version stamp associated with the client has expired. Please perform a full sync.",
    )


def unauthorized() -> DataverseError:
    """No bearer token, or one the service does not accept: an answer without a body."""
    challenge = (
        "Bearer authorization_uri=https://login.microsoftonline.com/common/oauth2/authorize, "
        "resource_id=https://standin.crm.dynamics.com/"
    )
    return DataverseError(401, "", "", {"WWW-Authenticate": challenge})


def not_a_member(object_id: str) -> DataverseError:
    """The impersonated Entra user is no user of this organisation."""
    return DataverseError(
        403, "0x80072560", f"The user is not a member of the organization. (AADObjectId={object_id})"
    )


def disabled_user(user_id: str) -> DataverseError:
    """The impersonated user is disabled."""
    return DataverseError(
        403, "0x80040225", f"The specified user(Id = {user_id}) is disabled. Consider enabling this user."
    )
