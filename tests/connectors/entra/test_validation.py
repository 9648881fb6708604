"""Who is signed in: tokens of Entra for our API, and whatever looks like one."""

import asyncio
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from insights.errors import NotSignedIn, Unavailable
from tests.connectors.entra.conftest import ANN, Clock, Join
from tests.standins.entra import APP_ID, TENANT, EntraStandin, Fault
from tests.standins.entra.directory import GRAPH, PEOPLE, Application


@pytest.fixture
def database_kind() -> str:
    """Nothing here is about the database."""
    return "sqlite"


OTHER_TENANT = "99999999-0f2e-4a6b-9c7d-1e2f3a4b5c6d"


@pytest.mark.parametrize(
    "shape",
    [
        {},
        {"version": 1},
        {"audience": f"api://{APP_ID}"},
        {"audience": f"api://liaison.example/{APP_ID}", "version": 1},
        {"audience": f"api://liaison.example/botid-{APP_ID}", "version": 1},
        {"scopes": "openid access_as_user"},
    ],
    ids=["v2", "v1", "api", "teams", "bot", "more scopes"],
)
async def test_a_token_for_our_api_proves_its_account(
    entra: EntraStandin, join: Join, shape: dict[str, Any]
) -> None:
    sign_in = (await join()).sign_in
    for _ in range(3):
        identity = await sign_in.identify(entra.sign_in(**shape))
        assert (identity.object_id, identity.user) == (ANN.object_id, "")
    assert entra.records.counted("/discovery/v2.0/keys") == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"audience": GRAPH},
        {"audience": "api://liaison.example/other"},
        {"audience": [APP_ID]},
        {"scopes": "access_as_user_not"},
        {"scopes": "", "roles": ["access_as_user"]},
        {"scp": None, "idtyp": "app"},
        {"tid": OTHER_TENANT},
        {"iss": f"https://sts.windows.net/{OTHER_TENANT}/", "tid": OTHER_TENANT},
        {"iss": "https://login.microsoftonline.com/x/v2.0"},
        {"iss": None},
        {"iss": ["x"]},
        {"oid": None},
        {"oid": "ann"},
        {"exp": None},
        {"exp": "soon"},
        {"exp": True},
        {"nbf": 10**400},
    ],
    ids=str,
)
async def test_anything_else_is_refused_with_the_same_words(
    entra: EntraStandin, join: Join, wrong: dict[str, Any]
) -> None:
    sign_in = (await join()).sign_in
    with pytest.raises(NotSignedIn) as refused:
        await sign_in.identify(entra.sign_in(**wrong))
    assert refused.value.code == "bad_token"
    assert refused.value.why == "the token is not valid or has run out"
    await sign_in.identify(entra.sign_in())


async def test_tokens_by_other_keys_and_other_ways_to_sign_are_refused(
    entra: EntraStandin, join: Join
) -> None:
    sign_in = (await join()).sign_in
    good = jwt.decode(entra.sign_in(), options={"verify_signature": False})
    foreign = generate_private_key(65537, 2048)
    kid = {"kid": entra.keys.newest}
    for token in (
        jwt.encode(good, foreign, "RS256", headers=kid),
        jwt.encode(good, "k" * 40, "HS256", headers=kid),
        jwt.encode(good, "", "none", headers=kid),
        entra.mint.access_token(APP_ID, client_id=APP_ID, roles=["access_as_user"]),
        entra.mint.id_token(Application(), PEOPLE[0], ""),
    ):
        with pytest.raises(NotSignedIn):
            await sign_in.identify(token)


async def test_a_minute_of_clock_skew_and_no_more(entra: EntraStandin, join: Join, clock: Clock) -> None:
    sign_in = (await join()).sign_in
    now = int(clock())
    within: list[dict[str, Any]] = [{"exp": now - 50}, {"nbf": now + 50}, {"iat": now + 50}]
    beyond: list[dict[str, Any]] = [{"exp": now - 61}, {"nbf": now + 90}, {"iat": now + 90}]
    for good in within:
        await sign_in.identify(entra.sign_in(**good))
    short = entra.sign_in(exp=now + 5)
    await sign_in.identify(short)
    clock.ahead += 66
    with pytest.raises(NotSignedIn):
        await sign_in.identify(short)
    clock.ahead -= 66
    for bad in beyond:
        with pytest.raises(NotSignedIn):
            await sign_in.identify(entra.sign_in(**bad))


async def test_keys_rotate_and_strangers_cannot_make_us_fetch(entra: EntraStandin, join: Join) -> None:
    moment = [1000.0]
    sign_in = (await join(clock_of_keys=lambda: moment[0])).sign_in
    before = entra.sign_in()
    await asyncio.gather(*(sign_in.identify(before) for _ in range(5)))
    entra.keys.rotate()
    for _ in range(3):
        with pytest.raises(NotSignedIn):  # fetched a moment ago: nobody makes us fetch again so soon
            await sign_in.identify(entra.sign_in())
    assert entra.records.counted("/keys") == 1
    moment[0] += 61
    await asyncio.gather(*(sign_in.identify(entra.sign_in()) for _ in range(5)))
    await sign_in.identify(before)
    assert entra.records.counted("/keys") == 2
    entra.keys.rotate(keep=0)
    moment[0] += 61
    await sign_in.identify(entra.sign_in())
    with pytest.raises(NotSignedIn):
        await sign_in.identify(before)


async def test_while_entra_is_away_nobody_is_told_to_sign_in_again(entra: EntraStandin, join: Join) -> None:
    moment = [1000.0]
    sign_in = (await join(clock_of_keys=lambda: moment[0])).sign_in
    entra.records.faults.append(Fault(503, path="/openid-configuration"))
    with pytest.raises(Unavailable) as away:
        await sign_in.identify(entra.sign_in())
    assert away.value.code == "no_entra_keys"
    moment[0] += 3
    await sign_in.identify(entra.sign_in())


async def test_a_key_that_is_published_for_another_issuer_does_not_count(
    entra: EntraStandin, join: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = entra.keys.as_jwks
    issuer = f"{entra.authority}/{OTHER_TENANT}/v2.0"
    monkeypatch.setattr(entra.keys, "as_jwks", lambda _: published(issuer))
    with pytest.raises(NotSignedIn):
        await (await join()).sign_in.identify(entra.sign_in())


async def test_each_allowed_tenant_and_no_other(entra: EntraStandin, join: Join) -> None:
    entra.tenant.tenant_id = TENANT
    only_other = (await join(entra_tenants=(OTHER_TENANT, TENANT))).sign_in
    other: dict[str, Any] = {"tid": OTHER_TENANT, "iss": f"{entra.authority}/{OTHER_TENANT}/v2.0"}
    # The keys come from the first tenant's metadata, which the stand-in does not have: nothing is believed.
    with pytest.raises(Unavailable):
        await only_other.identify(entra.sign_in())
    both = (await join(entra_tenants=(TENANT, OTHER_TENANT))).sign_in
    await both.identify(entra.sign_in(**other))
    with pytest.raises(NotSignedIn):
        await (await join()).sign_in.identify(entra.sign_in(**other))


DAMAGE = st.one_of(
    st.text(),
    st.binary().map(lambda raw: raw.decode("latin-1")),
    st.tuples(st.text(), st.text(), st.text()).map(".".join),
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    ),
)


@given(header=DAMAGE, payload=DAMAGE, kid=st.booleans())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_garbage_is_refused_and_never_breaks_us(
    signed: tuple[Any, EntraStandin], header: Any, payload: Any, kid: bool
) -> None:
    import base64
    import json

    sign_in, entra = signed

    def part(value: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    head = {"alg": "RS256", "kid": entra.keys.newest if kid else header, "crit": header}
    genuine = entra.sign_in()
    tokens = [
        header if isinstance(header, str) else part(header),
        f"{part(header)}.{part(payload)}.{part(payload)}",
        f"{part(head)}.{part(payload)}.{genuine.rpartition('.')[2]}",
        f"{part('[' * 5000)}.{part(payload)}.x",
        f"{base64.urlsafe_b64encode(b'[' * 5000).decode()}.e30.x",
        genuine[:-8] + part(payload)[:8],
    ]
    if isinstance(payload, dict):
        tokens.append(entra.keys.sign({name: value for name, value in payload.items() if name != "iss"}))
    for token in tokens:
        if token != genuine:
            with pytest.raises(NotSignedIn):
                await sign_in.identify(token)


@pytest.fixture
async def signed(entra: EntraStandin, join: Join) -> tuple[Any, EntraStandin]:
    sign_in = (await join()).sign_in
    await sign_in.identify(entra.sign_in())
    return sign_in, entra
