"""Who is signed in."""

from insights.views.features import Features
from insights.views.view import View


class UserView(View):
    """The signed-in CRM user."""

    id: str
    name: str
    email: str


class Access(View):
    """Read and write of one privilege."""

    read: bool
    write: bool


class Privileges(View):
    """The two privileges of product.md §5.3."""

    action_card: Access
    action_card_user_settings: Access


class Me(View):
    """Who is signed in and what is on."""

    user: UserView
    roles: list[str]
    privileges: Privileges
    features: Features


class SignInCode(View):
    """What Teams hands to the bot after somebody signed in on our page; good for five minutes."""

    code: str
