"""Tokens and rights: what is refused, and where a right holds."""

import time
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI, Request
from joserfc import jwt
from joserfc.jwk import OKPKey

from renkou_common.audit.acting import acting
from renkou_common.clock import SHANGHAI
from renkou_common.errors import Forbidden, Unauthenticated
from renkou_common.identity.grants import Assignment
from renkou_common.identity.http import granted, requires
from renkou_common.identity.principal import Identity
from renkou_common.identity.roles import ROLE_SCOPES, Role, Scope
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
            Assignment(ROLE_SCOPES[Role.COMMUNITY_WORKER], 340103001000, 340103001999),
            Assignment(ROLE_SCOPES[Role.STATISTICIAN], 340103000000, 340103999999),
        ]

    identity = Identity(verifier(), load)
    header = f"Bearer {ISSUER.issue(STAFF, 'staff', 'clerk')}"
    read = await identity.access(header, Scope.RESIDENT_READ)
    assert read.areas.intervals == ((340103001000, 340103001999),)
    figures = await identity.access(header, Scope.FIGURE_READ)
    assert figures.areas.intervals == ((340103000000, 340103999999),)
    with pytest.raises(Forbidden):
        await identity.access(header, Scope.STAFF_MANAGE)


async def test_a_right_begins_and_ends_by_the_clock_without_being_read_again() -> None:
    begins, ends = (datetime(2026, 11, day, tzinfo=SHANGHAI) for day in (10, 20))
    clock = [begins - timedelta(seconds=1)]
    reads: list[UUID] = []

    async def load(staff_id: UUID) -> list[Assignment]:
        reads.append(staff_id)
        one = frozenset({Scope.RESIDENT_READ})
        return [Assignment(one, 340103001000, 340103001999, valid_from=begins, valid_to=ends)]

    identity = Identity(verifier(), load, ttl_seconds=3600, now=lambda: clock[0])
    header = f"Bearer {ISSUER.issue(STAFF, 'staff', 'clerk')}"
    with pytest.raises(Forbidden):
        await identity.access(header, Scope.RESIDENT_READ)
    for moment in (begins, ends - timedelta(microseconds=1)):
        clock[0] = moment
        assert (await identity.access(header, Scope.RESIDENT_READ)).areas.intervals
    clock[0] = ends
    with pytest.raises(Forbidden):
        await identity.access(header, Scope.RESIDENT_READ)
    assert len(reads) == 3


async def test_a_caller_acts_by_own_right_first_then_in_anothers_stead_and_in_an_emergency_last() -> None:
    absent, emergency = uuid4(), uuid4()
    read = frozenset({Scope.RESIDENT_READ})

    async def load(_: UUID) -> list[Assignment]:
        return [
            Assignment(read, 340103000000, 340103999999, break_glass=emergency),
            Assignment(read, 340103002000, 340103002999, acting_for=absent),
            Assignment(read, 340103001000, 340103001999),
        ]

    identity = Identity(verifier(), load)
    access = await identity.access(f"Bearer {ISSUER.issue(STAFF, 'staff', 'clerk')}", Scope.RESIDENT_READ)
    assert access.areas.intervals == ((340103000000, 340103999999),)
    assert [access.acting_for(area) for area in (340103001001, 340103002001, 340103003001)] == [
        None,
        absent,
        None,
    ]
    last = access.ground(340103003001)
    assert last is not None
    assert last.break_glass == access.break_glass == emergency
    assert access.ground(310115000000) is None


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


async def test_asking_for_further_rights_forgets_nobody_in_whose_stead_one_acts() -> None:
    absent = uuid4()

    async def held(_: UUID) -> list[Assignment]:
        stands_in = Assignment(frozenset({Scope.RESIDENT_READ}), 1, 2, acting_for=absent)
        return [stands_in, Assignment(frozenset({Scope.CARD_READ}), 1, 2)]

    app = FastAPI()
    app.state.identity = Identity(verifier(), held)
    headers = [(b"authorization", f"Bearer {ISSUER.issue(STAFF, 'staff', 'clerk')}".encode())]
    request = Request({"type": "http", "app": app, "headers": headers})
    await requires(Scope.RESIDENT_READ)(request, None)
    assert (await granted(request, [Scope.CARD_READ, Scope.STAFF_MANAGE])).keys() == {Scope.CARD_READ}
    who = acting()
    assert who is not None
    assert who.acting_for == absent
