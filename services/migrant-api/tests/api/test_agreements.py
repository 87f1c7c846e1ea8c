"""Agreements over HTTP: two pairs of eyes at each end, signed documents, versions, suspension, end."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import pytest

from ..districts import Districts
from ..support import HOME, RESIDENCE, Clerk, Json, Node

DRAFT: Json = {
    "partner": HOME,
    "valid_from": "2025-01-01",
    "valid_to": "2032-12-31",
    "legal_basis": "双向管理协议 2025-01",
    "kinds": [
        {"kind": "arrival_notice", "direction": "send"},
        {"kind": "birth_notice", "direction": "both"},
    ],
}


@dataclass
class Bureau:
    """Two administrators of one district."""

    one: Clerk
    two: Clerk

    @classmethod
    async def of(cls, node: Node) -> "Bureau":
        return cls(await node.clerk("administrator"), await node.clerk("administrator"))


async def create(clerk: Clerk, path: str, body: Json, key: str | None = None) -> httpx.Response:
    return await clerk.request("POST", path, json=body, headers={"Idempotency-Key": key or str(uuid4())})


async def act(clerk: Clerk, agreement_id: str, noun: str, body: Json | None = None) -> httpx.Response:
    """Do something to an agreement at the version it has now."""
    version = (await clerk.get(f"/agreements/{agreement_id}"))["version"]
    return await clerk.act(f"/agreements/{agreement_id}/{noun}", body, version=version)


async def hand_over(giver: Clerk, taker: Clerk, agreement_id: str) -> httpx.Response:
    document = await giver.get(f"/agreements/{agreement_id}/document")
    return await create(taker, "/agreements/documents", {"document": document})


async def drafted(clerk: Clerk, **changes: Any) -> str:
    answer = await create(clerk, "/agreements", {**DRAFT, **changes})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


WITHOUT_CHECK = {"without_check": "中心网络尚未开通"}


async def agreed(pair: Districts, **changes: Any) -> tuple[str, Bureau, Bureau]:
    """An agreement that both districts have signed and activated, and the bureaus that did."""
    ours, theirs = await Bureau.of(pair.residence), await Bureau.of(pair.home)
    agreement_id = await drafted(ours.one, **changes)
    assert (await act(ours.two, agreement_id, "proposal")).status_code == 200
    assert (await hand_over(ours.one, theirs.one, agreement_id)).status_code == 201
    assert (await act(theirs.two, agreement_id, "acceptance")).status_code == 200
    assert (await hand_over(theirs.one, ours.one, agreement_id)).status_code == 201
    for bureau in (ours, theirs):
        answer = await act(bureau.one, agreement_id, "activation", WITHOUT_CHECK)
        assert answer.status_code == 200, answer.text
    return agreement_id, ours, theirs


async def state_at(clerk: Clerk, agreement_id: str) -> str:
    return str((await clerk.get(f"/agreements/{agreement_id}"))["state"])


async def test_an_agreement_comes_about_by_two_people_at_each_end(strangers: Districts) -> None:
    ours, theirs = await Bureau.of(strangers.residence), await Bureau.of(strangers.home)
    agreement_id = await drafted(ours.one)
    assert (await act(ours.one, agreement_id, "proposal")).json()["code"] == "same_person"
    assert (await act(ours.two, agreement_id, "proposal")).json()["state"] == "proposed"
    assert (await act(ours.one, agreement_id, "acceptance")).json()["code"] == "waits_for_partner"

    taken = await hand_over(ours.one, theirs.one, agreement_id)
    assert (taken.json()["id"], taken.json()["state"]) == (agreement_id, "proposed")
    assert (await act(theirs.one, agreement_id, "acceptance")).json()["code"] == "same_person"
    assert (await act(theirs.two, agreement_id, "acceptance")).json()["state"] == "signed"

    assert (await hand_over(theirs.one, ours.two, agreement_id)).json()["state"] == "signed"
    assert (await act(ours.two, agreement_id, "activation", WITHOUT_CHECK)).json()["code"] == "same_person"
    assert (await act(ours.one, agreement_id, "activation", {})).json()["code"] == "check_not_passed"
    active = (await act(ours.one, agreement_id, "activation", WITHOUT_CHECK)).json()
    assert (active["state"], active["in_force"]) == ("in_force", True)

    document = await ours.one.get(f"/agreements/{agreement_id}/document")
    assert document == await theirs.one.get(f"/agreements/{agreement_id}/document")
    steps = [one["what"] for one in (await ours.one.get(f"/agreements/{agreement_id}/history"))["items"]]
    assert steps == ["drafted", "proposed", "accepted_by_partner", "activated"]
    steps = [one["what"] for one in (await theirs.one.get(f"/agreements/{agreement_id}/history"))["items"]]
    assert steps == ["received", "accepted"]


async def test_a_draft_repeated_or_a_document_handed_over_twice_makes_nothing_new(
    strangers: Districts,
) -> None:
    ours, theirs = await Bureau.of(strangers.residence), await Bureau.of(strangers.home)
    key = str(uuid4())
    first = (await create(ours.one, "/agreements", DRAFT, key)).json()
    assert (await create(ours.one, "/agreements", DRAFT, key)).json()["id"] == first["id"]
    await act(ours.two, first["id"], "proposal")
    assert (await hand_over(ours.one, theirs.one, first["id"])).status_code == 201
    assert (await hand_over(ours.one, theirs.two, first["id"])).status_code == 201
    assert len((await theirs.one.get("/agreements"))["items"]) == 1


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"partner": RESIDENCE}, "/partner", "partner_self"),
        ({"partner": "3401"}, "/partner", ""),
        ({"valid_to": "2024-12-31"}, "/valid_to", "validity"),
        ({"valid_to": "2099-12-31"}, "/valid_to", "validity_long"),
        ({"kinds": []}, "/kinds", ""),
        ({"kinds": [{"kind": "confirmation", "direction": "both"}]}, "/kinds/0/kind", "kind_not_agreed"),
        ({"kinds": [{"kind": "pregnancy_notice", "direction": "both"}]}, "/kinds/0/kind", ""),
        ({"legal_basis": ""}, "/legal_basis", ""),
        ({"fee": 100}, "/fee", ""),
        (
            {"kinds": [{"kind": "arrival_notice", "direction": "send", "purpose": "marketing"}]},
            "/kinds/0/purpose",
            "purpose_unknown",
        ),
        (
            {"kinds": [{"kind": "arrival_notice", "direction": "send", "fields": ["phone"]}]},
            "/kinds/0/fields",
            "field_without_purpose",
        ),
        (
            {"kinds": [{"kind": "arrival_notice", "direction": "send", "fields": ["subject.name"]}]},
            "/kinds/0/fields",
            "field_required",
        ),
        (
            {"kinds": [{"kind": "birth_notice", "direction": "send", "answer_fields": ["known"]}]},
            "/kinds/0/answer_fields",
            "field_without_purpose",
        ),
        ({"replaces": str(uuid4())}, "/replaces", "not_found"),
    ],
)
async def test_an_agreement_that_makes_no_sense_is_refused(
    node: Node, change: Json, pointer: str, code: str
) -> None:
    administrator = await node.clerk("administrator")
    answer = await create(administrator, "/agreements", {**DRAFT, **change})
    assert answer.status_code == 422, answer.text
    found = {one["pointer"]: one for one in answer.json()["errors"]}
    assert pointer in found, answer.text
    assert not code or any(
        one["pointer"] == pointer and one["code"] == code for one in answer.json()["errors"]
    )


async def test_an_altered_or_foreign_document_is_refused_and_nothing_is_kept(strangers: Districts) -> None:
    ours, theirs = await Bureau.of(strangers.residence), await Bureau.of(strangers.home)
    agreement_id = await drafted(ours.one)
    unsigned = await ours.one.request("GET", f"/agreements/{agreement_id}/document")
    assert (unsigned.status_code, unsigned.json()["code"]) == (409, "not_signed")
    await act(ours.two, agreement_id, "proposal")
    good = await ours.one.get(f"/agreements/{agreement_id}/document")
    payload = good["payload"]
    altered = payload[:60] + ("A" if payload[60] != "A" else "B") + payload[61:]
    for bad in (
        {**good, "payload": altered},
        {**good, "signatures": []},
        {"payload": payload},
        {**good, "signatures": [{**good["signatures"][0], "signature": "A" * 86}]},
    ):
        answer = await create(theirs.one, "/agreements/documents", {"document": bad})
        assert answer.status_code == 422, answer.text
    assert (await theirs.one.get("/agreements"))["items"] == []


async def test_a_proposal_can_be_turned_down_and_stays_so(strangers: Districts) -> None:
    ours, theirs = await Bureau.of(strangers.residence), await Bureau.of(strangers.home)
    agreement_id = await drafted(ours.one)
    await act(ours.two, agreement_id, "proposal")
    await hand_over(ours.one, theirs.one, agreement_id)
    refused = await act(theirs.one, agreement_id, "end", {"reason": "期限过长"})
    assert refused.json()["state"] == "ended"
    statement = await theirs.one.get(f"/agreements/{agreement_id}/statement")
    told = await ours.one.request("POST", "/agreements/statements", json=statement)
    assert told.json()["state"] == "ended"
    assert (await act(theirs.two, agreement_id, "acceptance")).json()["code"] == "agreement_ended"
    assert (await hand_over(ours.one, theirs.one, agreement_id)).json()["state"] == "ended"


async def test_what_an_agreement_lets_go_stands_in_words(strangers: Districts) -> None:
    ours = await Bureau.of(strangers.residence)
    kinds = [
        {
            "kind": "arrival_notice",
            "direction": "send",
            "fields": ["subject.name", "subject.home_area", "arrived_on", "present_area"],
            "answer_fields": ["known"],
        }
    ]
    agreement_id = await drafted(ours.one, kinds=kinds)
    (sentence,) = (await ours.one.get(f"/agreements/{agreement_id}/words"))["items"]
    assert "姓名、户籍地、到达日期、现居住地(到村居)" in sentence["zh"]
    assert "身份号码" not in sentence["zh"]
    assert "name, registered area, day of arrival" in sentence["en"]
    assert "An answer may say: whether registered there." in sentence["en"]


async def test_a_suspension_is_declared_and_lifted_only_by_who_made_it(strangers: Districts) -> None:
    agreement_id, ours, theirs = await agreed(strangers)
    suspended = await act(theirs.one, agreement_id, "suspension", {"reason": "密钥更换"})
    assert suspended.json()["state"] == "suspended"
    statement = await theirs.one.get(f"/agreements/{agreement_id}/statement")
    told = await ours.one.request("POST", "/agreements/statements", json=statement)
    assert (told.json()["state"], told.json()["suspended_here_at"]) == ("suspended", None)
    assert (await act(ours.one, agreement_id, "resumption", {"reason": "测试恢复"})).json()[
        "code"
    ] == "not_suspended"
    await act(theirs.one, agreement_id, "resumption", {"reason": "密钥已更换"})
    lifted = await theirs.one.get(f"/agreements/{agreement_id}/statement")
    assert (await ours.one.request("POST", "/agreements/statements", json=lifted)).json()["in_force"] is True
    again = await ours.one.request("POST", "/agreements/statements", json=statement)
    assert again.json()["in_force"] is True, "an older statement changes nothing"
    foreign = await theirs.one.request("POST", "/agreements/statements", json=lifted)
    assert foreign.status_code == 404
    history = (await ours.one.get(f"/agreements/{agreement_id}/history"))["items"]
    assert [one["what"] for one in history][-2:] == ["partner_suspended", "partner_resumed"]
    assert [one["reason"] for one in history][-2:] == ["密钥更换", "密钥已更换"]


async def test_a_new_version_takes_the_place_of_the_old_one_from_its_first_day(strangers: Districts) -> None:
    first, ours, theirs = await agreed(strangers)
    tomorrow = strangers.home.runtime.clock.today().fromordinal(
        strangers.home.runtime.clock.today().toordinal() + 1
    )
    second, *_ = await agreed(strangers, replaces=first, valid_from=tomorrow.isoformat())
    for clerk in (ours.one, theirs.one):
        old, new = [await clerk.get(f"/agreements/{one}") for one in (first, second)]
        assert (old["in_force"], new["in_force"]) == (True, False)
        assert old["replaced_from"] == new["valid_from"] == tomorrow.isoformat()
        assert (new["number"], new["lineage"], new["replaces"]) == (2, first, first)
    await strangers.pass_days(2)
    for clerk in (ours.one, theirs.one):
        old, new = [await clerk.get(f"/agreements/{one}") for one in (first, second)]
        assert (old["in_force"], new["in_force"]) == (False, True)


async def test_an_end_is_for_good_and_reaches_the_partner_as_a_statement(strangers: Districts) -> None:
    agreement_id, ours, theirs = await agreed(strangers)
    stale = await ours.one.act(f"/agreements/{agreement_id}/end", {"reason": "协议到期"}, version=1)
    assert stale.status_code == 412
    assert (await act(ours.one, agreement_id, "end", {"reason": "机构合并"})).json()["in_force"] is False
    assert (await act(ours.one, agreement_id, "end")).json()["code"] == "agreement_ended"
    statement = await ours.one.get(f"/agreements/{agreement_id}/statement")
    await theirs.one.request("POST", "/agreements/statements", json=statement)
    assert await state_at(theirs.one, agreement_id) == "ended"


async def test_clerks_read_agreements_but_only_administrators_change_them(node: Node) -> None:
    clerk = await node.clerk()
    assert (await clerk.get("/agreements"))["items"] == []
    assert (await create(clerk, "/agreements", DRAFT)).status_code == 403
    administrator = await node.clerk("administrator")
    agreement_id = await drafted(administrator)
    for noun in ("proposal", "acceptance", "activation", "suspension", "resumption", "end"):
        answer = await clerk.act(f"/agreements/{agreement_id}/{noun}", {"reason": "不可"}, version=1)
        assert answer.status_code == 403, noun


async def test_agreements_come_page_by_page(node: Node) -> None:
    administrator = await node.clerk("administrator")
    for number in range(3):
        await drafted(administrator, partner=f"34010{number + 2}")
    first = await administrator.get("/agreements", limit=2)
    second = await administrator.get("/agreements", limit=2, after=first["next"])
    assert [one["partner"] for one in first["items"] + second["items"]] == ["340102", "340103", "340104"]
    assert second["next"] is None
    assert len((await administrator.get("/agreements", partner="340104"))["items"]) == 1
