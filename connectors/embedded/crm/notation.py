"""A notation of one word a column, and the columns that all tables of a kind have.

A line starts with a type; `name>a/b` is a lookup to tables a or b, `name=0-2,5` an option with its
values, `name=0:Open,1:Won` one whose labels are accepted too. `address1` expands to that address block.
"""

from connectors.embedded.crm.schema import Column

ACTIVE = "state statecode=0:Active,1:Inactive\nstatus statuscode=1-2"
REGARDING = "account/contact/lead/opportunity/incident"
SYSTEM = """
datetime createdon modifiedon overriddencreatedon
lookup createdby>systemuser modifiedby>systemuser createdonbehalfby>systemuser modifiedonbehalfby>systemuser
lookup transactioncurrencyid>transactioncurrency
int importsequencenumber versionnumber timezoneruleversionnumber utcconversiontimezonecode
decimal exchangerate
lookup organizationid>organization createdbyexternalparty>externalparty
lookup modifiedbyexternalparty>externalparty
computed entityimage entityimageid entityimage_url entityimage_timestamp slaname
computed componentstate ismanaged iscustomizable overwritetime solutionid supportingsolutionid
"""
OWNED = """
owner ownerid>systemuser/team
lookup owningbusinessunit>businessunit owningteam>team owninguser>systemuser
"""
ADDRESS = """
guid {0}_addressid
option {0}_addresstypecode {0}_freighttermscode {0}_shippingmethodcode
text {0}_city {0}_country {0}_county {0}_fax {0}_line1 {0}_line2 {0}_line3 {0}_name {0}_postalcode
text {0}_postofficebox {0}_primarycontactname {0}_stateorprovince {0}_telephone1 {0}_telephone2
text {0}_telephone3 {0}_upszone
decimal {0}_latitude {0}_longitude
int {0}_utcoffset
memo {0}_composite
"""
ACTIVITY = (
    """
memo description
text category subcategory traversedpath
datetime actualend actualstart scheduledend scheduledstart lastonholdtime sortdate
int actualdurationminutes scheduleddurationminutes onholdtime
bool isbilled isregularactivity isworkflowcreated
option prioritycode=0:Low,1:Normal,2:High
guid processid stageid
computed activitytypecode
lookup serviceid>service slaid>sla slainvokedid>sla
"""
    + f"lookup regardingobjectid>{REGARDING}"
)


def standard_columns(ownership: str) -> dict[str, Column]:
    """The columns that every table of this ownership (`user`, `activity`, `none`) has."""
    text = SYSTEM + (OWNED if ownership != "none" else "") + (ACTIVITY if ownership == "activity" else "")
    return {column.name: column for column in read_columns(text)}


def read_columns(text: str) -> list[Column]:
    """Columns from the notation at the top of this file."""
    columns: list[Column] = []
    for line in text.split("\n"):
        words = line.split()
        for word in words if words and words[0].startswith("address") else ():
            columns += read_columns(ADDRESS.format(word))
        if words and not words[0].startswith("address"):
            columns += [_column(words[0], word) for word in words[1:]]
    return columns


def _column(kind: str, word: str) -> Column:
    name, _, targets = word.partition(">")
    name, _, values = name.partition("=")
    return Column(name, kind, tuple(targets.split("/")) if targets else (), _options(values))


def _options(values: str) -> dict[int, str]:
    options: dict[int, str] = {}
    for part in values.split(",") if values else ():
        number, _, label = part.partition(":")
        first, _, last = number.partition("-")
        options |= dict.fromkeys(range(int(first), int(last or first) + 1), label)
    return options
