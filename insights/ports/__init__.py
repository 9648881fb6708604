"""What the product needs from the outside, as small Protocols; connectors implement them.

Each method is *required*: `tests/contracts/` has a test for it that every implementation passes. Only
`Probing` is *optional*: any connector may have it beside its port.
All of them raise only `insights.errors.Problem`s. `user` is who asks: the answer holds nothing that
this user's CRM permissions hide, and a record that may not be read is `NotFound`.
"""

from insights.ports.agenda import Agenda
from insights.ports.crm import Crm
from insights.ports.directory import Directory
from insights.ports.mail import Mail
from insights.ports.probing import Probing

__all__ = ["Agenda", "Crm", "Directory", "Mail", "Probing"]
