"""Which tokens count: one whole, signed by a known key, by our issuer, for us, and for now."""

import json
from typing import Any

import httpx
import jwt
import pytest
import respx
from hypothesis import given, settings
from hypothesis import strategies as st

from app.mcp_server.oauth.keys import (
    DOCUMENT_MAX,
    KeyRing,
    KeysUnavailable,
    from_url,
    read_document,
)
from app.mcp_server.oauth.rules import Claims, Issuer, TokenRefused
from app.mcp_server.oauth.tokens import Tokens
from tests.fakes.clock import FakeClock
from tests.fakes.issuer import ISSUER, RESOURCE, FakeIssuer, private_key, signed_with, unsigned
from tools.scopes import Scope

OTHER = "https://other.example.org/mcp"


def checked_by(issuer: FakeIssuer) -> Tokens:
    ring = KeyRing(issuer.read, issuer.clock)
    return Tokens(Issuer(issuer=ISSUER, resource=RESOURCE), ring, issuer.clock)


@pytest.fixture
def issuer() -> FakeIssuer:
    return FakeIssuer(FakeClock())


async def refusal(issuer: FakeIssuer, token: str) -> str:
    with pytest.raises(TokenRefused) as refused:
        await checked_by(issuer).read(token)
    assert token not in refused.value.message
    return refused.value.message


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "EdDSA"])
async def test_a_token_that_counts_says_who_through_what_and_how_far(
    issuer: FakeIssuer, algorithm: str
) -> None:
    issuer.kids = {"key-1": algorithm}
    assert await checked_by(issuer).read(issuer.token()) == Claims(
        subject="asha",
        client_id="test-host",
        scopes=frozenset({Scope.READ_MARKET, Scope.READ_ACCOUNT, Scope.PLAN_WRITE}),
    )


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ({"aud": OTHER}, "the token was made for another audience"),
        ({"aud": [OTHER]}, "the token was made for another audience"),
        ({"aud": RESOURCE + "/"}, "the token was made for another audience"),
        ({"aud": None}, "the token is not whole, or not signed by its issuer"),
        ({"iss": "https://evil.example/"}, "the token is another issuer's"),
        ({"iss": None}, "the token is not whole, or not signed by its issuer"),
        ({"exp": None}, "the token is not whole, or not signed by its issuer"),
        ({"exp": "soon"}, "the token's exp is no time"),
        ({"exp": 10**30}, "the token's exp is no time"),
        ({"sub": None}, "the token is not whole, or not signed by its issuer"),
        ({"sub": ""}, "the token names nobody"),
        ({"sub": "x" * 201}, "the token names nobody"),
    ],
)
async def test_a_token_that_says_something_else_does_not_count(
    issuer: FakeIssuer, claims: dict[str, Any], said: str
) -> None:
    assert await refusal(issuer, issuer.token(**claims)) == said


async def test_our_resource_may_be_one_audience_of_several(issuer: FakeIssuer) -> None:
    assert (await checked_by(issuer).read(issuer.token(aud=[OTHER, RESOURCE]))).subject == "asha"


async def test_a_token_counts_from_its_beginning_until_its_end(issuer: FakeIssuer) -> None:
    now = int(issuer.clock.now().timestamp())
    token = issuer.token(nbf=now + 60, iat=now, exp=now + 120)
    tokens = checked_by(issuer)
    for moved, counts in ((0, False), (30, True), (119, True), (120, False)):
        issuer.clock.set(issuer.clock.now().fromtimestamp(now + moved, issuer.clock.now().tzinfo))
        if counts:
            await tokens.read(token)
        else:
            with pytest.raises(TokenRefused):
                await tokens.read(token)


async def test_a_signature_that_anybody_could_make_does_not_count(issuer: FakeIssuer) -> None:
    good = issuer.token()
    for token in (
        unsigned(good, alg="none", kid="key-1"),
        unsigned(good, alg="ES256", kid="key-1"),
        signed_with(issuer.document(), good),
        signed_with(b"", good),
    ):
        await refusal(issuer, token)


async def test_a_key_is_used_for_its_own_algorithm_only(issuer: FakeIssuer) -> None:
    issuer.kids = {"key-1": "RS256"}
    forged = jwt.encode(
        jwt.decode(issuer.token(), options={"verify_signature": False}),
        private_key("RS256"),  # type: ignore[arg-type]
        algorithm="PS256",
        headers={"kid": "key-1"},
    )
    said = await refusal(issuer, forged)
    assert said == "the token is signed in another way than its key allows"


@pytest.mark.parametrize(
    "header",
    [{"kid": ""}, {"kid": "x" * 201}, {"typ": "dpop+jwt"}, {"crit": ["exp"], "exp": 1}],
)
async def test_a_header_that_is_odd_is_refused(issuer: FakeIssuer, header: dict[str, Any]) -> None:
    await refusal(issuer, issuer.token(header=header))


@pytest.mark.parametrize("algorithm", [[], {"a": 1}, 5, True, None, "none"])
async def test_an_algorithm_that_is_no_name_of_one_is_refused(
    issuer: FakeIssuer, algorithm: object
) -> None:
    await refusal(issuer, unsigned(issuer.token(), alg=algorithm, kid="key-1"))


@pytest.mark.parametrize("token", ["", "x", "a.b", "a.b.c", "é.é.é", "x" * 8_193, "..", "null"])
async def test_what_is_no_token_is_refused(issuer: FakeIssuer, token: str) -> None:
    with pytest.raises(TokenRefused):
        await checked_by(issuer).read(token)


@pytest.mark.parametrize(
    ("claims", "scopes"),
    [
        ({"scope": None}, set()),
        ({"scope": "openid orders:execute admin"}, set()),
        ({"scope": None, "scp": ["read:market"]}, {Scope.READ_MARKET}),
        ({"scope": {"read:market": True}}, set()),
    ],
)
async def test_only_scopes_of_ours_count(
    issuer: FakeIssuer, claims: dict[str, Any], scopes: set[Scope]
) -> None:
    assert (await checked_by(issuer).read(issuer.token(**claims))).scopes == scopes


@settings(max_examples=60, deadline=None)
@given(place=st.integers(min_value=0), letter=st.sampled_from("AZaz09-_."))
async def test_a_token_with_any_other_letter_does_not_count(place: int, letter: str) -> None:
    issuer = FakeIssuer(FakeClock())
    token = issuer.token()
    at = place % (len(token) - 1)
    bent = token[:at] + letter + token[at + 1 :]
    if bent != token:
        with pytest.raises(TokenRefused):
            await checked_by(issuer).read(bent)


# Keys


async def test_new_keys_are_asked_for_when_a_token_names_one(issuer: FakeIssuer) -> None:
    tokens = checked_by(issuer)
    await tokens.read(issuer.token())
    issuer.kids = {"key-2": "ES256"}
    issuer.clock.advance(seconds=61)
    await tokens.read(issuer.token("key-2"))
    with pytest.raises(TokenRefused):
        await tokens.read(issuer.token("key-1"))
    assert issuer.asked == 2


async def test_made_up_key_names_make_no_traffic(issuer: FakeIssuer) -> None:
    tokens = checked_by(issuer)
    await tokens.read(issuer.token())
    for number in range(2, 50):
        with pytest.raises(TokenRefused):
            await tokens.read(issuer.token(f"key-{number}"))
    assert issuer.asked == 1
    issuer.clock.advance(seconds=60)
    for number in range(2, 50):
        with pytest.raises(TokenRefused):
            await tokens.read(issuer.token(f"key-{number}", exp=10**10))
    assert issuer.asked == 2


async def test_keys_that_cannot_be_had_again_count_for_a_day_and_then_nothing_does(
    issuer: FakeIssuer,
) -> None:
    tokens = checked_by(issuer)
    token = issuer.token(exp=10**10)
    await tokens.read(token)
    issuer.fails = True
    issuer.clock.advance(hours=23)
    await tokens.read(token)
    issuer.clock.advance(hours=1)
    with pytest.raises(KeysUnavailable):
        await tokens.read(token)
    issuer.fails = False
    issuer.clock.advance(seconds=60)
    await tokens.read(token)


async def test_a_clock_put_back_neither_keeps_old_keys_nor_keeps_from_new_ones(
    issuer: FakeIssuer,
) -> None:
    tokens = checked_by(issuer)
    await tokens.read(issuer.token())
    issuer.kids = {"key-2": "ES256"}
    issuer.clock.advance(hours=-2)
    await tokens.read(issuer.token("key-2"))
    issuer.fails = True
    issuer.clock.advance(hours=-2)
    with pytest.raises(KeysUnavailable):
        await tokens.read(issuer.token("key-2"))


async def test_without_keys_no_token_is_taken_and_no_token_is_called_wrong(
    issuer: FakeIssuer,
) -> None:
    issuer.fails = True
    with pytest.raises(KeysUnavailable):
        await checked_by(issuer).read(issuer.token())


def test_keys_that_do_not_sign_or_are_shared_secrets_are_left_out(issuer: FakeIssuer) -> None:
    (key,) = json.loads(issuer.document())["keys"]
    others = [
        {**key, "kid": "k-enc", "use": "enc"},
        {"kty": "oct", "kid": "k-oct", "k": "c2VjcmV0"},
        {name: value for name, value in key.items() if name != "kid"},
        "no key",
    ]
    document = json.dumps({"keys": [key, *others]}).encode()
    assert list(read_document(document)) == ["key-1"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"keys": {}}', b"<html>", b"\xff"])
def test_what_is_no_document_of_keys_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError):
        read_document(body)


# Where they come from

KEYS_AT = "https://login.example.org/keys"


async def test_keys_are_fetched_from_their_address(
    issuer: FakeIssuer, respx_mock: respx.MockRouter
) -> None:
    respx_mock.get(KEYS_AT).respond(content=issuer.document())
    assert list(read_document(await from_url(KEYS_AT)())) == ["key-1"]


@pytest.mark.parametrize(
    "answer",
    [
        {"status_code": 302, "headers": {"Location": "https://evil.example/keys"}},
        {"status_code": 404},
        {"content": b"x" * (DOCUMENT_MAX + 1)},
    ],
)
async def test_an_answer_that_leads_elsewhere_or_has_no_end_is_no_document(
    respx_mock: respx.MockRouter, answer: dict[str, Any]
) -> None:
    respx_mock.get(KEYS_AT).respond(**answer)
    with pytest.raises(ValueError):
        await from_url(KEYS_AT)()


async def test_an_address_that_does_not_answer_leaves_the_keys_there_are(
    issuer: FakeIssuer, respx_mock: respx.MockRouter
) -> None:
    respx_mock.get(KEYS_AT).mock(
        side_effect=[httpx.Response(200, content=issuer.document()), httpx.ConnectError("down")]
    )
    ring = KeyRing(from_url(KEYS_AT), issuer.clock)
    await ring.key("key-1", "ES256")
    issuer.clock.advance(hours=2)
    await ring.key("key-1", "ES256")
    assert respx_mock.calls.call_count == 2
