"""Dataverse's tables by what they are to us."""

TIMELINE = ("account", "contact", "lead", "opportunity", "incident")
"""Those whose rows have a timeline, beside custom ones."""
PERSONS = ("contact", "lead")
STAKEHOLDERS = ("contact", "account")
"""What a connection makes a stakeholder of a deal."""
MOST_STAKEHOLDERS = 500
CUSTOMERS = {"opportunity": ("customerid", "parentaccountid"), "incident": ("customerid",)}
"""The lookups that name a record's customer, the first that is set counts."""
HOLDERS = ("contact", "lead", "account")
"""What an address is resolved to, in this order, if it is no user's."""
