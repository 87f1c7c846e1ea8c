"""What the clients remember is what they were told."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.chaos.clients.acknowledged import Acknowledged

PERSON = "0190a000-0000-7000-8000-000000000001"


@pytest.fixture
def ledger(tmp_path: Path) -> Acknowledged:
    made = Acknowledged(tmp_path / "acknowledged.jsonl")
    made.know({"340103": {"registry": "http://127.0.0.1:9"}})
    return made


def answers(*given: httpx.Response | Exception) -> httpx.MockTransport:
    left = list(given)

    def answer(_: httpx.Request) -> httpx.Response:
        next_one = left.pop(0)
        if isinstance(next_one, Exception):
            raise next_one
        return next_one

    return httpx.MockTransport(answer)


def client(ledger: Acknowledged, *given: httpx.Response | Exception) -> httpx.AsyncClient:
    hooks: dict[str, list[Any]] = {"request": [ledger.asked], "response": [ledger.answered]}
    return httpx.AsyncClient(transport=answers(*given), event_hooks=hooks, base_url="http://127.0.0.1:9")


async def test_a_write_sent_again_is_one_write_and_its_step_names_no_id(
    ledger: Acknowledged, tmp_path: Path
) -> None:
    made = httpx.Response(201, json={"id": "a", "version": 3})
    async with client(ledger, httpx.ReadError("lost"), made, made) as http:
        path, headers = f"/persons/{PERSON}/services", {"Idempotency-Key": "k"}
        with pytest.raises(httpx.ReadError):
            await http.post(path, json={}, headers=headers)
        assert ledger.unanswered == {"k"}
        for _ in range(2):
            await http.post(path, json={}, headers=headers)
    (write,) = ledger.writes
    assert (write.step, write.target, write.id, write.version) == ("/persons/{id}/services", PERSON, "a", 3)
    assert (ledger.unanswered, ledger.again, ledger.contradicted) == (set(), 2, [])
    assert ledger.created("340103", "registry", "/persons/{id}/services") == {"a"}
    lines = (tmp_path / "acknowledged.jsonl").read_text().splitlines()
    assert [json.loads(line)["id"] for line in lines] == ["a"]


async def test_two_answers_to_one_key_contradict_each_other(ledger: Acknowledged) -> None:
    given = [httpx.Response(201, json={"id": each}) for each in "ab"]
    async with client(ledger, *given) as http:
        for _ in given:
            await http.post("/persons", json={}, headers={"Idempotency-Key": "k"})
    assert len(ledger.contradicted) == 1


async def test_a_refusal_settles_a_key_and_a_failure_or_a_lost_sign_in_does_not(
    ledger: Acknowledged,
) -> None:
    given = [httpx.Response(status) for status in (409, 503, 401)]
    async with client(ledger, *given) as http:
        for number in range(3):
            await http.post("/persons", json={}, headers={"Idempotency-Key": str(number)})
    assert (ledger.unanswered, ledger.writes) == ({"1", "2"}, [])
