"""The specification, the suite and the published files speak of the same things."""

import re
from pathlib import Path

import pytest

from renkou_partner.conformance.suite import select
from renkou_partner.contract import EXCHANGE, KINDS, content_errors, sample

SPEC = (Path(__file__).parents[1] / "SPEC.md").read_text(encoding="utf-8")


def test_every_check_names_a_section_of_the_specification() -> None:
    sections = set(re.findall(r"^## (\d+)\.", SPEC, re.M)) | set(re.findall(r"^(\d+\.\d+)\.", SPEC, re.M))
    assert {check.section for check in select()} <= sections


def test_checks_have_ids_of_their_own() -> None:
    ids = [check.id for check in select()]
    assert len(ids) == len(set(ids))


def test_every_limit_is_spoken_of() -> None:
    assert [name for name in EXCHANGE["limits"] if name not in SPEC] == []


@pytest.mark.parametrize("kind", KINDS)
def test_samples_are_right_by_the_kits_own_reading(kind: str) -> None:
    for version in KINDS[kind]["versions"]:
        for size in ("least", "most"):
            assert content_errors(kind, version, sample(kind, version, size)) == []
