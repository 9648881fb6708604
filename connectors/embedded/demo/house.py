"""Rows about ourselves: the organisation, users and their roles, teams, mailboxes."""

from datetime import datetime

from connectors.embedded.demo.people import COLLEAGUES, COMPANY, DOMAIN, LANCASTER, TEAMS, US, ZONES, uid
from connectors.embedded.demo.rows import Rows

UNIT_ID = uid("businessunit", "root")
SYNCHRONISED_BY_SERVER, APPROVED, PENDING, TESTED, READ_WRITE = 2, 1, 2, 1, 0
WAITING = "hannahl"
"""Whose mailbox is not approved yet: there *Track* is not offered, and the pane says why."""


def add_house(rows: Rows, organization_id: str, today: datetime) -> None:
    """Everything a seller never edits."""
    rows.add("organizations", organizationid=organization_id, name=COMPANY)
    rows.add(
        "businessunits",
        businessunitid=UNIT_ID,
        name=COMPANY,
        organizationid=organization_id,
        emailaddress=f"info@{DOMAIN}",
        address1_city="Lancaster",
        address1_country="United Kingdom",
    )
    for role in dict.fromkeys(colleague.role for colleague in COLLEAGUES):
        rows.add("roles", roleid=uid("role", role), name=role, businessunitid=UNIT_ID)
    _add_users(rows)
    _add_settings(rows)
    _add_mailboxes(rows, today)
    for name, members in TEAMS.items():
        rows.add(
            "teams",
            teamid=uid("team", name),
            name=name,
            businessunitid=UNIT_ID,
            administratorid=US["pattif"].id,
            teamtype=0,
        )
        for member in members:
            rows.add(
                "teammemberships",
                teammembershipid=uid("teammembership", f"{name}/{member}"),
                teamid=uid("team", name),
                systemuserid=US[member].id,
            )


def _add_users(rows: Rows) -> None:
    for colleague in COLLEAGUES:
        person = colleague.person
        rows.add(
            "systemusers",
            systemuserid=person.id,
            fullname=person.name,
            firstname=person.first,
            lastname=person.last,
            jobtitle=person.title,
            internalemailaddress=person.email,
            personalemailaddress=colleague.other_email,
            domainname=person.email,
            azureactivedirectoryobjectid=colleague.directory_id,
            employeeid=colleague.playground_id,
            address1_telephone1=person.phone,
            address1_city=person.city,
            businessunitid=UNIT_ID,
            parentsystemuserid=US["pattif"].id if colleague.key != "pattif" else None,
            isdisabled=False,
            islicensed=True,
            accessmode=READ_WRITE,
        )
        rows.add(
            "systemuserrolescollection",
            systemuserroleid=uid("systemuserroles", colleague.key),
            systemuserid=person.id,
            roleid=uid("role", colleague.role),
        )


def _add_settings(rows: Rows) -> None:
    """Time zones by the names that Windows has for them, as administrators know them."""
    for key, person in US.items():
        rows.add(
            "usersettingscollection",
            systemuserid=person.id,
            timezone=ZONES.get(key, LANCASTER)[0],
            workdaystarttime="08:30",
            workdaystoptime="17:00",
        )


def _add_mailboxes(rows: Rows, today: datetime) -> None:
    for key, person in US.items():
        rows.add(
            "mailboxes",
            mailboxid=uid("mailbox", person.email),
            name=person.name,
            emailaddress=person.email,
            regardingobjectid=person.id,
            regardingobjectidtype="systemuser",
            ownerid=person.id,
            owneridtype="systemuser",
            incomingemaildeliverymethod=SYNCHRONISED_BY_SERVER,
            outgoingemaildeliverymethod=SYNCHRONISED_BY_SERVER,
            emailrouteraccessapproval=PENDING if key == WAITING else APPROVED,
            isemailaddressapprovedbyo365admin=key != WAITING,
            incomingemailstatus=TESTED,
            outgoingemailstatus=TESTED,
            lastsuccessfulsynccompletedon=today,
        )
