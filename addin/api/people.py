"""Who is signed in."""

from addin.api import V1
from addin.http import Answer, Call, Route
from insights import people
from insights.views import Me, SignInCode


async def read_me(call: Call) -> Answer:
    """Who is signed in and what is on."""
    return Answer(await people.read_me(call.services, call.user))


async def make_sign_in_code(call: Call) -> Answer:
    """A code that tells the bot in Teams that the caller has signed in."""
    return Answer(people.make_sign_in_code(call.services, call.user), status=201)


ROUTES = (
    Route("GET", f"{V1}/me", read_me, "user", {200: Me}),
    Route("POST", f"{V1}/sign-in-codes", make_sign_in_code, "user", {201: SignInCode}),
)
