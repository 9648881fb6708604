"""A stand-in for the Dataverse Web API v9.2: a real server on loopback, faithful in what it refuses.

Names come from the test data (`dataverse/entities.json`), custom tables given as metadata, and the small
`extra_schema`; a test proves that no other name is accepted or returned.

Modelled:
 - create, read, PATCH (upsert, If-Match), DELETE, single properties, `$ref`; navigation properties by their
   case-sensitive names; emails with parties, states, attachments and their limits;
 - `$select`; `$filter`, parsed by the whole grammar and evaluated as far as Dataverse evaluates it:
   comparisons, `and or not`, `contains startswith endswith` with SQL's wildcards, `in`, `any`/`all`,
   `Microsoft.Dynamics.CRM.In` and a few more, text that compares without case and accents; `$expand` both
   ways, `$orderby`, `$top`, `$count`, paging by `$skiptoken`, annotations, change tracking with delta links;
 - privileges by depth, business units, teams, shares; impersonation as the intersection of two users' rights;
 - `$batch` with change sets; EntityDefinitions and RelationshipDefinitions; the functions in `functions`;
   the errors in `errors`, with the service's codes; service-protection limits and other faults, scripted.

Not modelled: FetchXML, SQL and `$apply`; alternate keys; `CreateMultiple` and other bulk actions; `$metadata`
as CSDL; writing metadata; hierarchy and field security; duplicate detection; plug-ins and workflows; deep
insert but for activity parties; currencies and calculated columns; cascades but for parties, attachments,
notes and connections; merging; qualifying leads and closing opportunities or cases (their state is set like
any). A row filled in without an owner belongs to nobody and is read at any depth.
"""

from tests.standins.dataverse.completing import entra_id
from tests.standins.dataverse.server import DataverseStandin, Logged, running_dataverse

__all__ = ["DataverseStandin", "Logged", "entra_id", "running_dataverse"]
