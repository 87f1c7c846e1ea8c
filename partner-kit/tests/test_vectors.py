"""The test vectors, opened by the kit's own partner."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from renkou_partner.trust import verify_list
from renkou_partner.wire import KeyRing, Unattributable, open_sealed

GIVEN: dict[str, Any] = json.loads((Path(__file__).parents[1] / "vectors.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("vector", GIVEN["vectors"], ids=lambda one: one["name"])
def test_a_vector_comes_out_as_it_says(vector: dict[str, Any]) -> None:
    given: dict[str, Any] = {
        "keys": KeyRing.from_jwk_set(GIVEN["keys"]),
        "trust": verify_list(GIVEN["trust_list"], GIVEN["anchor"]),
        "own": GIVEN["district"],
        "sender": GIVEN["sender"],
        "now": datetime.fromisoformat(GIVEN["now"]),
    }
    data = vector["sealed"].encode("latin-1")
    if vector["outcome"] != "genuine":
        with pytest.raises(Unattributable) as refused:
            open_sealed(data, **given)
        assert refused.value.code == vector["outcome"]
        return
    opened = open_sealed(data, **given)
    assert (opened.digest, opened.envelope) == (vector["digest"], vector["envelope"])
