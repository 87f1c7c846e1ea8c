"""Tokens and rights: what is refused, and where a right holds."""

import time
from typing import Any
from uuid import UUID, uuid4

import pytest
from joserfc import jwt
from joserfc.jwk import OKPKey

from renkou_common.errors import Forbidden, Unauthenticated
from renkou_common.identity.principal import Assignment, Identity
from renkou_common.identity.roles import Role, Scope
from renkou_common.identity.tokens import TokenIssuer, TokenVerifier

KEY = OKPKey.generate_key("Ed25519", {"kid": "k1"}, private=True)
ISSUER = TokenIssuer(KEY, "renkou:340103")
STAFF = uuid4()


async def keys() -> dict[str, Any]:
    return ISSUER.public_keys()


def verifier() -> TokenVerifier:
    return TokenVerifier("renkou:340103", keys)


def signed(claims: dict[str, Any], key: OKPKey = KEY, typ: str = "at+jwt") -> str:
    good = {
        "iss": "renkou:340103",
        "aud": "renkou",
        "sub": str(STAFF),
        "kind": "staff",
        "name": "clerk",
        "exp": int(time.time()) + 60,
    }
    return jwt.encode(
        {"alg": "Ed25519", "typ": typ, "kid": "k1"}, {**good, **claims}, key, algorithms=["Ed25519"]
    )


async def test_a_token_of_the_node_is_read() -> None:
    claims = await verifier().verify(ISSUER.issue(STAFF, "staff", "clerk"))
    assert (claims.subject, claims.kind, claims.name) == (STAFF, "staff", "clerk")


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a.b.c",
        signed({"iss": "renkou:310115"}),
        signed({"aud": "another"}),
        signed({"exp": int(time.time()) - 60}),
        signed({"sub": "not-a-uuid"}),
        signed({}, typ="JWT"),
        signed({}, key=OKPKey.generate_key("Ed25519", {"kid": "k1"}, private=True)),
        signed({})[:-4] + "AAAA",
    ],
    ids=["empty", "rubbish", "issuer", "audience", "expired", "subject", "type", "other key", "signature"],
)
async def test_any_other_token_is_refused(token: str) -> None:
    with pytest.raises(Unauthenticated):
        await verifier().verify(token)


async def test_an_unsigned_token_is_refused() -> None:
    header_and_claims = signed({}).rsplit(".", 1)[0]
    with pytest.raises(Unauthenticated):
        await verifier().verify(header_and_claims + ".")


async def test_a_right_holds_where_its_role_is_assigned() -> None:
    async def load(_: UUID) -> list[Assignment]:
        return [
            Assignment(Role.COMMUNITY_WORKER, 340103001000, 340103001999),
            Assignment(Role.STATISTICIAN, 340103000000, 340103999999),
        ]

    identity = Identity(verifier(), load)
    header = f"Bearer {ISSUER.issue(STAFF, 'staff', 'clerk')}"
    read = await identity.access(header, Scope.RESIDENT_READ)
    assert read.areas.intervals == ((340103001000, 340103001999),)
    figures = await identity.access(header, Scope.FIGURE_READ)
    assert figures.areas.intervals == ((340103000000, 340103999999),)
    with pytest.raises(Forbidden):
        await identity.access(header, Scope.STAFF_MANAGE)


async def test_without_assignments_nothing_is_permitted_and_a_setup_token_has_no_scope() -> None:
    async def load(_: UUID) -> list[Assignment]:
        return []

    identity = Identity(verifier(), load)
    for kind in ("staff", "setup", "unheard-of"):
        with pytest.raises(Forbidden):
            await identity.access(f"Bearer {ISSUER.issue(STAFF, kind, 'x')}", Scope.RESIDENT_READ)


async def test_a_service_has_the_scopes_of_its_name_only() -> None:
    async def load(_: UUID) -> list[Assignment]:
        return []

    identity = Identity(verifier(), load)
    header = f"Bearer {ISSUER.issue(uuid4(), 'service', 'reporting-worker')}"
    assert (await identity.access(header, Scope.FEED_READ)).kind == "service"
    with pytest.raises(Forbidden):
        await identity.access(header, Scope.RESIDENT_FACTS)
