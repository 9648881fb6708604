"""The PowerShell script that gives Liaison roles of Exchange for chosen mailboxes, or takes them away.

*RBAC for Applications*: Exchange asks these roles, not Entra, so they end at the mailboxes of one group. A
grant of the same right in Entra would hold for every mailbox of the tenant; the script grants none.
"""

import textwrap
from collections.abc import Collection, Sequence
from re import fullmatch

from insights.errors import Invalid
from insights.scopes import permissions, reasons
from insights.settings import GUID

NAME = "Liaison"
LONGEST = 256
QUOTES = "'‘’‚‛"
"""What PowerShell takes for a single quotation mark; inside one, each is written twice."""

HEAD = """\
# {does}
#
# Run it in PowerShell 7 as an Exchange Administrator. It needs two modules, once:
#     Install-Module ExchangeOnlineManagement, Microsoft.Graph.Applications -Scope CurrentUser
# It may be run again at any time: what is there already stays as it is.
#
# Do not grant the same rights to the application in Microsoft Entra: a grant there holds for every
# mailbox of the tenant, and the limit to one group would be void.

$ErrorActionPreference = 'Stop'
$appId = {app_id}
$name = {name}
$roles = @(
{roles}
)

Connect-ExchangeOnline -ShowBanner:$false
"""

GIVE = """
# The group whose direct members are the mailboxes; members of groups inside it do not count.
$group = Get-Group -Identity {mailboxes}
$members = "MemberOfGroup -eq '$($group.DistinguishedName -replace "'", "''")'"

# Exchange keeps a pointer of its own to the application in Entra.
$pointer = Get-ServicePrincipal | Where-Object {{ $_.AppId -eq $appId }}
if (-not $pointer) {{
    Connect-MgGraph -Scopes 'Application.Read.All' -NoWelcome
    $application = Get-MgServicePrincipal -Filter "appId eq '$appId'"
    if (-not $application) {{
        throw 'Microsoft Entra does not know the application yet: open the consent link first.'
    }}
    $pointer = New-ServicePrincipal -AppId $appId -ObjectId $application.Id -DisplayName $name
}}

# Which mailboxes: the members of the group as they are at any time.
if (Get-ManagementScope | Where-Object {{ $_.Name -eq $name }}) {{
    Set-ManagementScope -Identity $name -RecipientRestrictionFilter $members
}} else {{
    New-ManagementScope -Name $name -RecipientRestrictionFilter $members | Out-Null
}}

# One assignment per role, each limited to these mailboxes.
$assigned = @(Get-ManagementRoleAssignment | Where-Object {{ $_.CustomResourceScope -eq $name }})
foreach ($role in $roles) {{
    if (-not ($assigned | Where-Object {{ $_.Role -eq $role }})) {{
        New-ManagementRoleAssignment -App $pointer.ObjectId -Role $role -CustomResourceScope $name | Out-Null
    }}
}}
# Roles that are not needed any more go.
foreach ($old in ($assigned | Where-Object {{ $_.Role -notin $roles }})) {{
    Remove-ManagementRoleAssignment -Identity $old.Identity -Confirm:$false
}}

# InScope says True for a mailbox of the group. Exchange itself may take up to two hours to notice.
$mailbox = Get-Recipient -Filter $members -ResultSize 1 -WarningAction SilentlyContinue
if ($mailbox) {{
    Test-ServicePrincipalAuthorization -Identity $pointer.ObjectId -Resource $mailbox.PrimarySmtpAddress |
        Format-Table RoleName, AllowedResourceScope, InScope
}} else {{
    Write-Warning 'The group has no members yet: add the mailboxes, then run this again to test.'
}}
"""

TAKE = """
# First the roles, then which mailboxes they were for, then the pointer to the application.
$assigned = @(Get-ManagementRoleAssignment | Where-Object {{ $_.CustomResourceScope -eq $name }})
foreach ($assignment in $assigned) {{
    if ($assignment.Role -notin $roles) {{
        Write-Warning "$($assignment.Role) is no role that this version gives; it goes as well."
    }}
    Remove-ManagementRoleAssignment -Identity $assignment.Identity -Confirm:$false
}}
if (Get-ManagementScope | Where-Object {{ $_.Name -eq $name }}) {{
    Remove-ManagementScope -Identity $name -Confirm:$false
}}
$pointer = Get-ServicePrincipal | Where-Object {{ $_.AppId -eq $appId }}
if ($pointer) {{
    Remove-ServicePrincipal -Identity $pointer.ObjectId -Confirm:$false
}}
Write-Output 'Liaison has no role of Exchange any more. Its application in Microsoft Entra is untouched.'
"""


def write_script(app_id: str, mailboxes: str, features: Collection[str]) -> str:
    """PowerShell that gives the roles these features need, for the mailboxes of a group; raises Invalid."""
    roles = permissions("exchange", features)
    if not roles:
        raise Invalid("no_roles")
    _require(mailboxes)
    head = _head("Lets Liaison read and send for the mailboxes of one group.", app_id, roles, features)
    return head + GIVE.format(mailboxes=quote(mailboxes))


def write_removal(app_id: str) -> str:
    """PowerShell that takes away every role that `write_script` ever gave; raises Invalid."""
    does = "Takes all of Liaison's roles of Exchange away again."
    return _head(does, app_id, permissions("exchange"), None) + TAKE.format()


def quote(text: str) -> str:
    """A text as PowerShell's literal: nothing in it is evaluated."""
    doubled = "".join(character * 2 if character in QUOTES else character for character in text)
    return f"'{doubled}'"


def _head(does: str, app_id: str, roles: Sequence[str], features: Collection[str] | None) -> str:
    if not fullmatch(GUID, app_id):
        raise Invalid("no_application")
    rows = "\n".join(_role(role, features) for role in roles)
    return HEAD.format(does=does, app_id=quote(app_id), name=quote(f"{NAME} {app_id}"), roles=rows)


def _role(role: str, features: Collection[str] | None) -> str:
    """A role with the reasons above it, as comments."""
    why = [f"{scope.feature.replace('_', ' ')}: {scope.why}" for scope in reasons(role, features)]
    comments = [line for text in why for line in textwrap.wrap(text, 96)]
    return "\n".join([*(f"    # {line}" for line in comments), f"    {quote(role)}"])


def _require(mailboxes: str) -> None:
    """A group's name is one line of visible characters; anything else is a slip, or worse."""
    if not mailboxes.strip() or len(mailboxes) > LONGEST or not mailboxes.isprintable():
        raise Invalid("bad_group")
