"""The test vectors of the partner kit, opened by the node's own code."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from renkou_migrant.credentials.jws import VerifyingKey
from renkou_migrant.credentials.trust import verify_trust_list
from renkou_migrant.exchange.wire import ExchangeKeys, WireError, open_sealed

FILE = Path(__file__).parents[5] / "partner-kit" / "vectors.json"
GIVEN: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("vector", GIVEN["vectors"], ids=lambda one: one["name"])
def test_a_vector_of_the_partner_kit_comes_out_as_it_says(vector: dict[str, Any]) -> None:
    data = vector["sealed"].encode("latin-1")
    given = {
        "keys": ExchangeKeys.from_jwk_set(GIVEN["keys"]),
        "trust": verify_trust_list(GIVEN["trust_list"], VerifyingKey.from_jwk(GIVEN["anchor"])),
        "own": GIVEN["district"],
        "sender": GIVEN["sender"],
        "now": datetime.fromisoformat(GIVEN["now"]),
        "skew": timedelta(days=1),
    }
    if vector["outcome"] != "genuine":
        with pytest.raises(WireError) as refused:
            open_sealed(data, **given)
        assert refused.value.code == vector["outcome"]
        return
    opened = open_sealed(data, **given)
    assert opened.digest.hex() == vector["digest"]
    assert json.loads(opened.envelope.to_json())["payload"] == vector["envelope"]["payload"]
