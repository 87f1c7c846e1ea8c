"""What is known of the dependencies is told as it is: clean only where somebody answered; all of them are listed."""

import json
from pathlib import Path

import pytest

from renkou_local.audit_dependencies import Finding, Verdict, npm_finding, python_finding, verdict_of
from renkou_local.bill_of_materials import write
from renkou_local.layout import REPOSITORY

GOOD = {"name": "a", "version": "1", "vulns": []}
WEAK = {"name": "b", "version": "2", "vulns": [{"id": "X-1"}]}


@pytest.mark.parametrize(
    ("status", "printed", "verdict"),
    [
        (0, json.dumps({"dependencies": [GOOD]}), Verdict.CLEAN),
        (1, json.dumps({"dependencies": [GOOD, WEAK]}), Verdict.VULNERABLE),
        (1, json.dumps({"dependencies": [GOOD]}), Verdict.NOT_ASKED),
        (0, json.dumps({"dependencies": [GOOD, {"name": "c", "skip_reason": "?"}]}), Verdict.NOT_ASKED),
        (0, json.dumps({"dependencies": []}), Verdict.NOT_ASKED),
        (1, "", Verdict.NOT_ASKED),
        (-1, "no connection", Verdict.NOT_ASKED),
    ],
)
def test_an_answer_of_the_advisory_service_is_read_for_python(
    status: int, printed: str, verdict: Verdict
) -> None:
    assert python_finding("lock", status, printed).verdict is verdict


@pytest.mark.parametrize(
    ("printed", "verdict"),
    [
        ({"vulnerabilities": {}, "metadata": {"dependencies": {"total": 9}}}, Verdict.CLEAN),
        (
            {"vulnerabilities": {"a": {"severity": "low"}}, "metadata": {"dependencies": {"total": 9}}},
            Verdict.VULNERABLE,
        ),
        ({"vulnerabilities": {}, "metadata": {"dependencies": {"total": 0}}}, Verdict.NOT_ASKED),
        ({"message": "request failed"}, Verdict.NOT_ASKED),
    ],
)
def test_and_for_npm(printed: object, verdict: Verdict) -> None:
    assert npm_finding("lock", json.dumps(printed)).verdict is verdict


def test_no_answer_fails_only_where_that_is_asked_for_and_a_weakness_always() -> None:
    clean, weak, silent = (Finding("lock", each) for each in Verdict)
    assert [verdict_of([clean], strict=strict) for strict in (False, True)] == [0, 0]
    assert [verdict_of([clean, silent], strict=strict) for strict in (False, True)] == [0, 2]
    assert [verdict_of([silent, weak], strict=strict) for strict in (False, True)] == [1, 1]


def test_every_pinned_library_is_on_the_bill(tmp_path: Path) -> None:
    python, *others = write(tmp_path)
    listed = json.loads(python.read_text(encoding="utf-8"))
    assert listed["bomFormat"] == "CycloneDX"
    pinned = {
        line.split("==")[0]
        for line in (REPOSITORY / "requirements.lock").read_text(encoding="utf-8").splitlines()
        if line[:1].isalnum()
    }
    assert {each["name"] for each in listed["components"]} == pinned
    for path in others:
        components = json.loads(path.read_text(encoding="utf-8"))["components"]
        assert components
        assert all(each["purl"].startswith("pkg:npm/") and each["hashes"] for each in components)
