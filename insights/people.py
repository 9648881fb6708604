"""Who is asking: from a bearer token to a CRM user with roles and privileges."""

from insights.errors import NotSignedIn
from insights.features import read_states
from insights.model import User
from insights.services import Services
from insights.sign_in_codes import issue_code
from insights.views import Access, Me, Privileges, SignInCode, UserView


async def identify(services: Services, token: str) -> User:
    """The enabled CRM user a bearer token belongs to; raises NotSignedIn."""
    identity = await services.directory.identify(token)
    if identity.object_id:
        user = await services.crm.user_by_object_id(identity.object_id)
    else:
        user = await services.crm.user(identity.user)
    if user is None:
        raise NotSignedIn("unknown_user.signed_in")
    return user


async def read_me(services: Services, user: User) -> Me:
    """The caller's name, roles, privileges and the features' states."""
    return Me(
        user=UserView(id=user.id, name=user.name, email=user.email),
        roles=list(user.roles),
        privileges=Privileges(
            action_card=_access(user, "ActionCard"),
            action_card_user_settings=_access(user, "ActionCardUserSettings"),
        ),
        features=await read_states(services, user),
    )


def make_sign_in_code(services: Services, user: User) -> SignInCode:
    """A code with which Teams tells the bot that the caller has signed in here."""
    return SignInCode(code=issue_code(services.keys, user.object_id, services.now()))


def _access(user: User, name: str) -> Access:
    return Access(read=f"prvRead{name}" in user.privileges, write=f"prvWrite{name}" in user.privileges)
