"""The world as a fixture, made once for a run: keys take a while."""

from datetime import timedelta

import pytest

from renkou_migrant.credentials.jws import SigningKey
from renkou_migrant.credentials.status_list import build_status_list, verify_status_list
from renkou_migrant.credentials.trust import sign_trust_list, verify_trust_list

from .world import HOME, KEYS_FROM, KEYS_TO, NOW, OTHER, REVOKED_INDEX, World, describe


@pytest.fixture(scope="session")
def world() -> World:
    anchor = SigningKey.generate("hub-1", "EdDSA")
    keys = {HOME: SigningKey.generate(f"{HOME}-1"), OTHER: SigningKey.generate(f"{OTHER}-1", "EdDSA")}
    exchange = {code: SigningKey.generate(f"{code}-x1", "EdDSA") for code in keys}
    trust_token = sign_trust_list(
        [describe(code, keys[code], exchange[code]) for code in keys],
        sequence=3,
        issued_at=KEYS_FROM,
        expires_at=KEYS_TO,
        anchor=anchor,
    )
    trust_list = verify_trust_list(trust_token, anchor.public)
    tokens = {
        code: build_status_list(
            [REVOKED_INDEX],
            district=code,
            sequence=12,
            issued_at=NOW - timedelta(hours=1),
            expires_at=NOW + timedelta(hours=23),
            key=keys[code],
            size=1024,
        )
        for code in keys
    }
    return World(
        anchor=anchor,
        keys=keys,
        exchange=exchange,
        trust_token=trust_token,
        trust_list=trust_list,
        status_tokens=tokens,
        status_lists=[verify_status_list(token, trust_list) for token in tokens.values()],
    )
