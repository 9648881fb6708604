"""`/users`, `/groups`, memberships, `/domains`, `/organization`, `/people`."""

from typing import TYPE_CHECKING

from tests.standins.graph.errors import bad_request, resource_not_found
from tests.standins.graph.query import Query, page_of, read_query, selected
from tests.standins.graph.users import DEFAULT_SELECT, TENANT_ID, User
from tests.standins.graph.wire import Answer, Call, Json

if TYPE_CHECKING:
    from tests.standins.graph.server import GraphStandin

GROUP_SELECT = ["id", "displayName", "description", "groupTypes", "mail", "mailEnabled", "securityEnabled"]


def list_users(graph: "GraphStandin", call: Call) -> Answer:
    """Users, all or those of `$filter`."""
    query = _query(graph, call, "user")
    found = [user.values for user in graph.directory.users.values()]
    if query.filter:
        found = [values for values in found if query.filter.matches(values)]
    for path, is_descending in reversed(query.order):
        found = sorted(found, key=lambda values: str(values.get(path) or "").lower(), reverse=is_descending)
    told = [_told_user(query, values) for values in found]
    return Answer(200, page_of(call, query, told, "users"), "Collection(user)")


def get_user(graph: "GraphStandin", call: Call) -> Answer:
    """One user by id or principal name, or who asks."""
    query = _query(graph, call, "user")
    told = _told_user(query, call.user.values)
    if "mailboxSettings" in query.select and call.user.mailbox:
        told["mailboxSettings"] = call.user.mailbox.settings
    return Answer(200, {"@odata.context": f"{call.base_url}/$metadata#users/$entity"} | told, "user")


def list_memberships(graph: "GraphStandin", call: Call) -> Answer:
    """`memberOf` and `transitiveMemberOf`: the groups a user is in."""
    is_group_only = call.segments[-1].lower() in {"microsoft.graph.group", "graph.group"}
    name = call.segments[-2] if is_group_only else call.segments[-1]
    query = _query(graph, call, "group")
    groups = graph.directory.groups_of(call.user.id, is_transitive=name.lower().startswith("transitive"))
    if query.filter:
        groups = [group for group in groups if query.filter.matches(group)]
    kind = {} if is_group_only else {"@odata.type": "#microsoft.graph.group"}
    told = [kind | selected(group, query.select or GROUP_SELECT) for group in groups]
    context = "groups" if is_group_only else "directoryObjects"
    return Answer(200, page_of(call, query, told, context), "Collection(group)")


def list_members(graph: "GraphStandin", call: Call) -> Answer:
    """`transitiveMembers` of a group that are users."""
    group_id = call.keys["group"]
    if group_id not in graph.directory.groups:
        raise resource_not_found(group_id)
    query = _query(graph, call, "user")
    told = [_told_user(query, user.values) for user in graph.directory.members_of(group_id)]
    return Answer(200, page_of(call, query, told, "users"), "Collection(user)")


def list_member_groups(graph: "GraphStandin", call: Call) -> Answer:
    """`getMemberGroups`: the ids of all groups, direct or not."""
    given = {name.lower(): value for name, value in call.json().items()}
    only_security = given.get("securityenabledonly")
    if not isinstance(only_security, bool):
        raise bad_request("The value of 'securityEnabledOnly' is missing or no boolean.")
    groups = graph.directory.groups_of(call.user.id, is_transitive=True)
    found = [group["id"] for group in groups if group["securityEnabled"] or not only_security]
    return Answer(
        200, {"@odata.context": f"{call.base_url}/$metadata#Collection(Edm.String)", "value": found}
    )


def list_domains(graph: "GraphStandin", call: Call) -> Answer:
    """The verified domains; the first is the default one."""
    query = _query(graph, call, "domain")
    told = [
        {
            "id": name,
            "authenticationType": "Managed",
            "availabilityStatus": None,
            "isAdminManaged": True,
            "isDefault": at == 0,
            "isInitial": at == 0,
            "isRoot": True,
            "isVerified": True,
            "supportedServices": ["Email", "OfficeCommunicationsOnline"],
        }
        for at, name in enumerate(graph.directory.domains())
    ]
    told = [selected(each, query.select) for each in told]
    return Answer(200, page_of(call, query, told, "domains"), "Collection(domain)")


def list_organization(graph: "GraphStandin", call: Call) -> Answer:
    """The tenant."""
    query = _query(graph, call, "organization")
    domains = graph.directory.domains()
    told = {
        "id": TENANT_ID,
        "displayName": "Ours",
        "tenantType": "AAD",
        "verifiedDomains": [
            {
                "name": name,
                "type": "Managed",
                "isDefault": at == 0,
                "isInitial": at == 0,
                "capabilities": "Email",
            }
            for at, name in enumerate(domains)
        ],
    }
    body = page_of(call, query, [selected(told, query.select)], "organization")
    return Answer(200, body, "Collection(organization)")


def list_people(graph: "GraphStandin", call: Call) -> Answer:
    """Who matters to the user: people set for them, then whom the mailbox writes with, by how often."""
    query = read_query(call, graph.schema, "person", top=10)
    found = [*call.user.people, *_correspondents(graph, call.user)]
    if query.search:
        wanted = query.search.strip('"').lower()
        found = [person for person in found if wanted in str(person).lower()]
    told = [selected(person, query.select) for person in found]
    return Answer(200, page_of(call, query, told, f"users('{call.user.id}')/people"), "Collection(person)")


def _correspondents(graph: "GraphStandin", user: User) -> list[Json]:
    counts: dict[str, list[str]] = {}
    for message in user.mailbox.messages if user.mailbox else []:
        values = message.values
        people = [values["from"], *values["toRecipients"], *values["ccRecipients"]]
        for each in (person["emailAddress"] for person in people if person):
            if str(each["address"]).lower() not in user.names():
                counts.setdefault(str(each["address"]).lower(), []).append(str(each["name"]))
    ranked = sorted(counts.items(), key=lambda item: (-len(item[1]), item[0]))
    return [_person(graph, address, names) for address, names in ranked]


def _person(graph: "GraphStandin", address: str, names: list[str]) -> Json:
    colleague = graph.directory.find(address)
    return {
        "id": colleague.id if colleague else address,
        "displayName": colleague.name if colleague else names[-1],
        "userPrincipalName": colleague.values["userPrincipalName"] if colleague else None,
        "scoredEmailAddresses": [{"address": address, "relevanceScore": float(len(names))}],
        "phones": [],
        "personType": {
            "class": "Person",
            "subclass": "OrganizationUser" if colleague else "ImplicitContact",
        },
    }


def _query(graph: "GraphStandin", call: Call, type_name: str) -> Query:
    return read_query(call, graph.schema, type_name, top=100, most=999, is_outlook=False)


def _told_user(query: Query, values: Json) -> Json:
    always: tuple[str, ...] = () if query.select else ("id",)
    return selected(values, query.select or list(DEFAULT_SELECT), always=always)
