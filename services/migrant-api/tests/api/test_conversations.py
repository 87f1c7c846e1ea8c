"""Inquiries, files, threads, amendments by hand, reminders and what is overdue, as each role uses them."""

from base64 import urlsafe_b64encode
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from renkou_migrant.exchange.contracts import AGREED, MessageKind
from renkou_migrant.exchange.reminders import Reminding

from ..districts import Districts
from ..stays import somebody_stays
from ..support import HOME, RESIDENCE, Clerk, Json, Node

PDF = b"%PDF-1.7\n" + b"x" * 5000


def a_file(data: bytes = PDF, **changes: Any) -> Json:
    text = urlsafe_b64encode(data).rstrip(b"=").decode()
    return {"name": "出生医学证明.pdf", "media_type": "application/pdf", "data": text} | changes


async def post(clerk: Clerk, path: str, body: Json, key: str | None = None) -> httpx.Response:
    headers = {"Idempotency-Key": key or str(uuid4())}
    return await clerk.request("POST", path, json=body, headers=headers)


async def asked(pair: Districts, **changes: Any) -> tuple[Json, UUID]:
    """An inquiry that the home district has read, as the residence sees it, and the stay it is about."""
    _, arrival_id = await somebody_stays(pair.residence)
    clerk = await pair.residence.clerk()
    body = {"questions": ["registration"], "note": "请核实生育登记", **changes}
    answer = await post(clerk, f"/arrivals/{arrival_id}/inquiries", body)
    assert answer.status_code == 201, answer.text
    await pair.hand_over()
    return await clerk.get(f"/notices/{answer.json()['id']}"), arrival_id


async def at_home(pair: Districts, message_id: str) -> tuple[Clerk, Json]:
    clerk = await pair.home.clerk()
    return clerk, await clerk.get(f"/notices/{message_id}")


async def test_an_inquiry_and_its_answer_and_a_dispute_of_that_are_one_conversation(pair: Districts) -> None:
    inquiry, arrival_id = await asked(pair, attachments=[a_file()])
    clerk, seen = await at_home(pair, inquiry["id"])
    reply = {"known": False, "note": "查无此人", "attachments": [a_file(name="附件.pdf")]}
    await clerk.act(f"/notices/{inquiry['id']}/answer", reply, version=seen["version"])
    await pair.hand_over()
    colleague = await pair.residence.clerk()
    *_, answer = (await colleague.get(f"/threads/{arrival_id}"))["items"]
    body = {"reason": "身份证号与户口簿一致, 请再核"}
    disputed = await colleague.act(f"/notices/{answer['id']}/dispute", body, version=answer["version"])
    assert disputed.json()["state"] == "disputed"
    await pair.hand_over()
    for end in (pair.home, pair.residence):
        thread = (await (await end.clerk()).get(f"/threads/{arrival_id}"))["items"]
        assert [one["kind"] for one in thread] == ["inquiry", "answer", "dispute"]
        assert thread[1]["content"]["note"] == "查无此人"
        assert thread[0]["content"]["subject"]["resident_id"] == "3401**********5528"


async def test_a_file_is_downloaded_as_it_was_sent_and_each_download_is_logged(pair: Districts) -> None:
    inquiry, _ = await asked(pair, attachments=[a_file()])
    clerk, seen = await at_home(pair, inquiry["id"])
    (shown,) = seen["content"]["attachments"]
    assert (shown["name"], shown["size"], "data" in shown) == ("出生医学证明.pdf", len(PDF), False)
    path = f"/notices/{inquiry['id']}/attachments/{shown['sha256']}"
    answer = await clerk.request("GET", path)
    assert (answer.content, answer.headers["content-type"]) == (PDF, "application/pdf")
    assert answer.headers["x-content-type-options"] == "nosniff"
    (reading,) = await pair.home.rows("SELECT read_by, sha256 FROM attachment_reading")
    assert reading == {"read_by": clerk.id, "sha256": shown["sha256"]}
    elsewhere = await pair.home.clerk("subdistrict_clerk", "340103013")
    assert (await elsewhere.request("GET", path)).status_code == 404
    assert (await clerk.request("GET", path[:-64] + "0" * 64)).status_code == 404
    for end in (pair.home, pair.residence):
        assert all(PDF not in row["content"] for row in await end.rows("SELECT content FROM message"))


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"questions": ["person"], "urgent": True}, ""),
        ({"questions": []}, "/questions"),
        ({"questions": ["person", "person"]}, ""),
        ({"questions": ["pregnancy"]}, "/questions/0"),
        ({"questions": ["person"], "attachments": [a_file(b"<html>")]}, "/attachments/0"),
        ({"questions": ["person"], "attachments": [a_file()] * 4}, "/attachments"),
        ({"questions": ["person"], "attachments": [a_file(PDF + b"x" * 149_000)] * 2}, "/attachments"),
        ({"questions": ["person"], "employer": "x"}, "/employer"),
    ],
)
async def test_what_may_not_be_asked_is_refused_in_both_languages(
    node: Node, body: Json, pointer: str
) -> None:
    _, arrival_id = await somebody_stays(node)
    clerk = await node.clerk()
    details = []
    for language in ("zh", "en"):
        headers = {"Idempotency-Key": str(uuid4()), "Accept-Language": language}
        path = f"/arrivals/{arrival_id}/inquiries"
        answer = await clerk.request("POST", path, json=body, headers=headers)
        assert answer.status_code == 422, answer.text
        (error,) = answer.json()["errors"]
        assert error["pointer"] == pointer
        details.append(error["detail"])
    assert details[0] != details[1]


async def test_an_urgent_inquiry_is_due_in_seven_working_days_at_both_ends(pair: Districts) -> None:
    today = pair.residence.runtime.clock.today()
    administrator = await pair.residence.clerk("administrator")
    inquiry, _ = await asked(pair, urgent=True)
    counted = await administrator.get("/calendar/working-day", start=today.isoformat(), days=7)
    _, seen = await at_home(pair, inquiry["id"])
    assert inquiry["due_on"] == seen["due_on"] == counted["day"]
    assert (await asked(pair))[0]["due_on"] == (today + timedelta(days=15)).isoformat()


async def test_the_same_request_sent_twice_asks_once(pair: Districts) -> None:
    _, arrival_id = await somebody_stays(pair.residence)
    clerk = await pair.residence.clerk()
    body, key = {"questions": ["person"]}, str(uuid4())
    path = f"/arrivals/{arrival_id}/inquiries"
    first, again = [await post(clerk, path, body, key) for _ in range(2)]
    assert first.json()["id"] == again.json()["id"]
    assert len(await pair.residence.rows("SELECT FROM message")) == 1


async def test_nothing_is_asked_without_an_agreement(strangers: Districts) -> None:
    _, arrival_id = await somebody_stays(strangers.residence)
    clerk = await strangers.residence.clerk()
    answer = await post(clerk, f"/arrivals/{arrival_id}/inquiries", {"questions": ["person"]})
    assert (answer.status_code, answer.json()["code"]) == (409, "no_agreement")


@pytest.mark.parametrize(
    "role", ["community_worker", "service_station", "statistician", "auditor", "administrator"]
)
async def test_only_clerks_ask_remind_amend_and_read(node: Node, role: str) -> None:
    other = await node.clerk(role)
    some = uuid4()
    for path in ("withdrawal", "correction", "reminder", "acknowledgement", "register-correction"):
        assert (await other.act(f"/notices/{some}/{path}", {}, version=1)).status_code == 403
    assert (await post(other, f"/arrivals/{some}/inquiries", {"questions": ["person"]})).status_code == 403
    for path in (f"/threads/{some}", "/overdue-notices", "/overdue-notices/counts"):
        assert (await other.request("GET", path)).status_code == 403


async def test_a_corrected_answer_shows_before_and_after_and_waits_to_be_noted(pair: Districts) -> None:
    inquiry, arrival_id = await asked(pair)
    clerk, seen = await at_home(pair, inquiry["id"])
    await clerk.act(f"/notices/{inquiry['id']}/answer", {"known": True}, version=seen["version"])
    await pair.hand_over()
    (answer,) = (await clerk.get(f"/notices/{inquiry['id']}"))["replies"]
    path = f"/notices/{answer['id']}/correction"
    wrong = await clerk.act(path, {"dispute": {"reason": "x"}}, version=answer["version"])
    assert wrong.json()["code"] == "other_kind"
    right = {"answer": {"known": False, "note": "同名误认"}}
    done = await clerk.act(path, right, version=answer["version"])
    assert done.json()["content"]["known"] is False
    await pair.hand_over()
    colleague = await pair.residence.clerk()
    (reply,) = (await colleague.get(f"/notices/{inquiry['id']}"))["replies"]
    assert reply["content"] == {"known": False, "note": "同名误认"}
    assert reply["attention"] == "corrected"
    detail = await colleague.get(f"/notices/{reply['id']}")
    assert [one["content"] for one in detail["history"]] == [{"known": True, "note": None}]
    noted = f"/notices/{reply['id']}/acknowledgement"
    assert (await colleague.act(noted, version=reply["version"])).json()["attention"] is None
    again = await colleague.act(noted, version=reply["version"] + 1)
    assert again.json()["code"] == "nothing_to_note"
    kinds = [one["kind"] for one in (await colleague.get(f"/threads/{arrival_id}"))["items"]]
    assert kinds == ["inquiry", "answer", "correction"]


async def test_an_answer_taken_back_leaves_the_inquiry_waiting_at_both_ends(pair: Districts) -> None:
    inquiry, _ = await asked(pair)
    clerk, seen = await at_home(pair, inquiry["id"])
    await clerk.act(f"/notices/{inquiry['id']}/answer", {"known": True}, version=seen["version"])
    await pair.hand_over()
    (answer,) = (await clerk.get(f"/notices/{inquiry['id']}"))["replies"]
    body = {"reason": "recorded_in_error"}
    path = f"/notices/{answer['id']}/withdrawal"
    assert (await clerk.act(path, body, version=answer["version"])).status_code == 200
    await pair.hand_over()
    for end in (pair.home, pair.residence):
        assert await end.state(UUID(inquiry["id"])) == "read"
    seen = await clerk.get(f"/notices/{inquiry['id']}")
    answer = await clerk.act(f"/notices/{inquiry['id']}/answer", {"known": False}, version=seen["version"])
    assert answer.json()["state"] == "answered"
    await pair.hand_over()
    assert await pair.residence.state(UUID(inquiry["id"])) == "answered"


async def test_an_inquiry_taken_back_is_not_answered_any_more(pair: Districts) -> None:
    inquiry, _ = await asked(pair)
    colleague = await pair.residence.clerk()
    path = f"/notices/{inquiry['id']}/withdrawal"
    assert (await colleague.act(path, {"reason": "settled"}, version=inquiry["version"])).status_code == 200
    await pair.hand_over()
    clerk, seen = await at_home(pair, inquiry["id"])
    assert seen["withdrawn_because"] == "settled"
    answer = await clerk.act(f"/notices/{inquiry['id']}/answer", {"known": True}, version=seen["version"])
    assert answer.json()["code"] == "reply_not_possible"
    twice = await colleague.act(path, {"reason": "settled"}, version=inquiry["version"] + 1)
    assert twice.json()["code"] == "amendment_not_possible"


async def test_a_notice_is_not_taken_back_by_hand_and_a_partners_message_not_at_all(pair: Districts) -> None:
    message_id = await pair.residence.service_notice()
    await pair.hand_over()
    codes = []
    for end in (pair.residence, pair.home):
        clerk = await end.clerk()
        version = (await clerk.get(f"/notices/{message_id}"))["version"]
        path = f"/notices/{message_id}/withdrawal"
        answer = await clerk.act(path, {"reason": "settled"}, version=version)
        codes.append((answer.status_code, answer.json()["code"]))
    assert codes == [(409, "follows_register"), (409, "amendment_not_possible")]


async def test_what_is_overdue_is_listed_and_counted_on_both_sides(pair: Districts) -> None:
    inquiry, _ = await asked(pair)
    await pair.residence.arrival_notice()
    await pair.hand_over()
    await pair.pass_days(20)
    ours, theirs = await pair.home.clerk(), await pair.residence.clerk()
    assert [one["id"] for one in (await ours.get("/overdue-notices", side="ours"))["items"]] == [
        inquiry["id"]
    ]
    assert (await ours.get("/overdue-notices", side="theirs"))["items"] == []
    assert [one["id"] for one in (await theirs.get("/overdue-notices", side="theirs"))["items"]] == [
        inquiry["id"]
    ]
    await pair.pass_days(40)
    (count,) = (await ours.get("/overdue-notices/counts"))["items"]
    assert (count["partner"], count["ours"], count["theirs"]) == (RESIDENCE, 2, 0)
    assert count["ours_since"] == inquiry["due_on"]
    (count,) = (await theirs.get("/overdue-notices/counts"))["items"]
    assert (count["partner"], count["ours"], count["theirs"]) == (HOME, 0, 2)
    first = await ours.get("/overdue-notices", limit=1)
    second = await ours.get("/overdue-notices", limit=1, after=first["next"])
    assert (first["items"][0]["due_on"] < second["items"][0]["due_on"], second["next"]) == (True, None)
    neighbour = await pair.home.clerk("subdistrict_clerk", "340103013")
    assert (await neighbour.get("/overdue-notices"))["items"] == []


async def test_an_office_is_reminded_by_hand_once_in_seven_days(pair: Districts) -> None:
    inquiry, _ = await asked(pair)
    clerk = await pair.residence.clerk()
    path = f"/notices/{inquiry['id']}/reminder"
    early = await clerk.act(path, version=inquiry["version"])
    assert (early.status_code, early.json()["code"]) == (409, "reminder_not_possible")
    await pair.pass_days(16)
    done = await clerk.act(path, version=inquiry["version"])
    assert (done.status_code, done.json()["reminders"]) == (200, 1)
    again = await clerk.act(path, version=done.json()["version"])
    assert again.json()["code"] == "reminder_not_possible"
    await pair.hand_over()
    _, seen = await at_home(pair, inquiry["id"])
    assert (seen["reminders"], seen["state"]) == (1, "read")
    await pair.pass_days(23)
    version = (await clerk.get(f"/notices/{inquiry['id']}"))["version"]
    assert (await clerk.act(path, version=version)).json()["reminders"] == 2


async def test_overdue_replies_are_reminded_of_automatically_until_they_come(pair: Districts) -> None:
    inquiry, arrival_id = await asked(pair)
    reminding = Reminding(pair.residence.runtime)
    assert await reminding.remind() == 0
    await pair.pass_days(16)
    assert [await reminding.remind(), await reminding.remind()] == [1, 0]
    await pair.pass_days(22)
    assert await reminding.remind() == 0
    await pair.pass_days(23)
    assert await reminding.remind() == 1
    await pair.hand_over()
    clerk, seen = await at_home(pair, inquiry["id"])
    assert seen["reminders"] == 2
    reminders = [
        one for one in (await clerk.get(f"/threads/{arrival_id}"))["items"] if one["kind"] == "reminder"
    ]
    assert [one["content"] for one in reminders] == [{"of": inquiry["id"]}] * 2
    await clerk.act(f"/notices/{inquiry['id']}/answer", {"known": True}, version=seen["version"])
    await pair.hand_over()
    await pair.pass_days(60)
    assert await reminding.remind() == 0


async def test_the_workplaces_district_learns_little_and_only_under_its_own_agreement(
    pair: Districts,
) -> None:
    residence = pair.residence
    await residence.agree("440305", kinds=AGREED - {MessageKind.DEPARTURE_NOTICE})
    _person, arrival_id = await somebody_stays(residence)
    clerk = await residence.clerk()
    stay = await clerk.get(f"/arrivals/{arrival_id}")
    path = f"/arrivals/{arrival_id}/workplace"
    wrong = await clerk.act(path, {"workplace_district": HOME}, version=stay["version"])
    assert wrong.json()["errors"][0]["pointer"] == "/workplace_district"
    stay = (await clerk.act(path, {"workplace_district": "440305"}, version=stay["version"])).json()
    (notice,) = (await clerk.get("/notices", partner="440305"))["items"]
    content = (await clerk.get(f"/notices/{notice['id']}"))["content"]
    assert (content["subject"]["home_area"], content["present_area"]) == ("340103000000", "310115000000")
    assert await residence.counted() == {}  # nobody owes it
    none = await post(
        clerk, f"/arrivals/{arrival_id}/inquiries", {"to": "workplace", "questions": ["certificate"]}
    )
    assert none.status_code == 422
    body = {"to": "workplace", "questions": ["person"]}
    asked_there = await post(clerk, f"/arrivals/{arrival_id}/inquiries", body)
    assert asked_there.json()["partner"] == "440305"
    left = {"departed_on": "2026-01-05"}
    await clerk.act(f"/arrivals/{arrival_id}/departure", left, version=stay["version"])
    partners = [one["partner"] for one in (await clerk.get("/notices", kind="departure_notice"))["items"]]
    assert partners == [HOME]  # departures were not agreed with the other


async def test_a_workplace_that_changed_is_taken_back(pair: Districts) -> None:
    residence = pair.residence
    for district in ("440305", "320505"):
        await residence.agree(district)
    _, arrival_id = await somebody_stays(residence)
    clerk = await residence.clerk()
    path = f"/arrivals/{arrival_id}/workplace"
    stay = (await clerk.act(path, {"workplace_district": "440305"}, version=1)).json()
    stay = (await clerk.act(path, {"workplace_district": "320505"}, version=stay["version"])).json()
    found = (await clerk.get("/notices", kind="arrival_notice"))["items"]
    assert [(one["partner"], one["state"]) for one in found] == [("320505", "drafted"), ("440305", "dead")]
    await clerk.act(path, {"workplace_district": None}, version=stay["version"])
    assert {one["state"] for one in (await clerk.get("/notices", kind="arrival_notice"))["items"]} == {"dead"}
