"""Notices over HTTP: who sees them, what may be done with them, what is refused."""

from uuid import UUID

import pytest
from pydantic import BaseModel

from renkou_common.identity.roles import Scope
from renkou_migrant.exchange.carried import BirthNotice, Inquiry
from renkou_migrant.exchange.contracts import MessageKind

from ..districts import Districts
from ..support import Json, Node, drafted

MOTHER = {"name": "李静", "resident_id": "340103199203045528", "home_area": "340103002003"}
BIRTH = BirthNotice.model_validate(
    {
        "subject": MOTHER,
        "child": {"name": "王一诺", "sex": 2, "birth_date": "2026-02-11", "parity": 1},
        "birth_area": "310115005001",
    }
)
INQUIRY = Inquiry.model_validate({"subject": MOTHER, "questions": ["person", "certificate"], "note": None})


async def received(pair: Districts, content: BaseModel) -> UUID:
    """A notice that the home district has read."""
    message_id = await pair.residence.raise_notice(content)
    await pair.hand_over()
    return drafted(message_id)


async def test_a_clerk_sees_notices_of_the_own_area_and_others_do_not_exist(pair: Districts) -> None:
    message_id = await received(pair, BIRTH)
    own = await pair.home.clerk("subdistrict_clerk", "340103002")
    other = await pair.home.clerk("subdistrict_clerk", "340103013")
    assert [one["id"] for one in (await own.get("/notices"))["items"]] == [str(message_id)]
    assert (await other.get("/notices"))["items"] == []
    for method, path, body in (
        ("GET", f"/notices/{message_id}", None),
        ("POST", f"/notices/{message_id}/confirmation", None),
        ("POST", f"/notices/{message_id}/dispute", {"reason": "不属实"}),
        ("POST", f"/notices/{message_id}/answer", {"known": True}),
    ):
        answer = await other.request(method, path, json=body, headers={"If-Match": '"2"'})
        assert answer.status_code == 404, (path, answer.text)


async def test_the_residence_shows_a_notice_only_where_the_person_lives(pair: Districts) -> None:
    message_id = await received(pair, BIRTH)
    here = await pair.residence.clerk("subdistrict_clerk", "310115005")
    elsewhere = await pair.residence.clerk("subdistrict_clerk", "310115007")
    assert (await here.get(f"/notices/{message_id}"))["content"]["child"]["name"] == "王一诺"
    assert (await elsewhere.request("GET", f"/notices/{message_id}")).status_code == 404


async def test_the_floor_of_the_database_holds_even_without_the_predicate(pair: Districts) -> None:
    await received(pair, BIRTH)
    runtime = pair.home.runtime
    clerk = await pair.home.clerk("subdistrict_clerk", "340103013")
    access = await runtime.identity.access(f"Bearer {clerk.token}", Scope.NOTICE_READ)
    async with runtime.database.transaction(access.areas) as tx:
        assert await tx.fetchval("SELECT count(*) FROM message") == 0


async def test_confirming_a_birth_notice_enters_the_birth_first_and_once(pair: Districts) -> None:
    message_id = await received(pair, BIRTH)
    register = pair.home.register
    register.people[(MOTHER["resident_id"], MOTHER["name"])] = message_id
    clerk = await pair.home.clerk()
    notice = await clerk.get(f"/notices/{message_id}")
    path = f"/notices/{message_id}/confirmation"
    assert (await clerk.act(path, version=notice["version"])).json()["state"] == "confirmed"
    ((key, (body, birth_id)),) = register.births.items()
    assert body["child"] == {"name": "王一诺", "sex": 2}
    assert (body["happened_on"], body["parity"]) == ("2026-02-11", 1)
    assert (await clerk.get(f"/notices/{message_id}"))["life_event_id"] == str(birth_id)
    again = await clerk.act(path, version=notice["version"])
    assert (again.status_code, again.json()["code"]) == (412, "version_mismatch")
    assert list(register.births) == [key]


async def test_a_birth_is_not_entered_twice_after_a_crash_before_the_confirmation(pair: Districts) -> None:
    message_id = await received(pair, BIRTH)
    register = pair.home.register
    register.people[(MOTHER["resident_id"], MOTHER["name"])] = message_id
    clerk = await pair.home.clerk()
    version = (await clerk.get(f"/notices/{message_id}"))["version"]
    await clerk.act(f"/notices/{message_id}/confirmation", version=version)
    await pair.home.rows("UPDATE message SET state = 'read', revision = $1 WHERE direction = 'in'", version)
    assert (await clerk.act(f"/notices/{message_id}/confirmation", version=version)).status_code == 200
    assert len(register.births) == 1


async def test_a_birth_of_a_mother_who_is_not_in_the_register_can_only_be_disputed(pair: Districts) -> None:
    message_id = await received(pair, BIRTH)
    clerk = await pair.home.clerk()
    version = (await clerk.get(f"/notices/{message_id}"))["version"]
    refused = await clerk.act(f"/notices/{message_id}/confirmation", version=version)
    assert (refused.status_code, refused.json()["code"]) == (409, "mother_unknown")
    reason = {"reason": "本区无此人户籍"}
    assert (await clerk.act(f"/notices/{message_id}/dispute", reason, version=version)).status_code == 200
    await pair.hand_over()
    assert await pair.residence.state(message_id) == "disputed"
    seen = await (await pair.residence.clerk()).get(f"/notices/{message_id}")
    assert seen["replies"][0]["content"] == reason


async def test_a_register_that_is_down_leaves_the_notice_as_it_was(pair: Districts) -> None:
    message_id = await received(pair, BIRTH)
    clerk = await pair.home.clerk()
    notice = await clerk.get(f"/notices/{message_id}")
    pair.home.register.down = True
    answer = await clerk.act(f"/notices/{message_id}/confirmation", version=notice["version"])
    assert (answer.status_code, answer.json()["code"]) == (503, "registry_unavailable")
    assert await pair.home.state(message_id) == "read"


async def test_a_dispute_is_answered_within_its_own_time(pair: Districts) -> None:
    message_id = await received(pair, BIRTH)
    clerk = await pair.home.clerk()
    version = (await clerk.get(f"/notices/{message_id}"))["version"]
    await clerk.act(f"/notices/{message_id}/dispute", {"reason": "出生日期不符"}, version=version)
    await pair.hand_over()
    colleague = await pair.residence.clerk()
    (dispute,) = (await colleague.get("/notices", kind="dispute"))["items"]
    assert dispute["direction"] == "in"
    assert dispute["due_on"] is not None
    body = {"known": None, "note": "已按出生证更正"}
    answer = await colleague.act(f"/notices/{dispute['id']}/answer", body, version=dispute["version"])
    assert answer.json()["state"] == "answered"
    await pair.hand_over()
    assert await pair.home.state(dispute["id"]) == "answered"


async def test_an_inquiry_is_answered(pair: Districts) -> None:
    message_id = await received(pair, INQUIRY)
    clerk = await pair.home.clerk()
    (inquiry,) = (await clerk.get("/notices", kind="inquiry"))["items"]
    answer = await clerk.act(f"/notices/{message_id}/answer", {"known": False}, version=inquiry["version"])
    assert answer.status_code == 200
    await pair.hand_over()
    assert await pair.residence.state(message_id) == "answered"


async def test_nothing_about_a_person_is_answered_after_the_agreement_has_ended(pair: Districts) -> None:
    message_id = await received(pair, INQUIRY)
    administrator, clerk = await pair.home.clerk("administrator"), await pair.home.clerk()
    (agreement,) = (await administrator.get("/agreements"))["items"]
    ended = await administrator.act(f"/agreements/{agreement['id']}/end", version=agreement["version"])
    assert ended.json()["in_force"] is False
    version = (await clerk.get(f"/notices/{message_id}"))["version"]
    answer = await clerk.act(f"/notices/{message_id}/answer", {"known": True}, version=version)
    assert (answer.status_code, answer.json()["code"]) == (409, "agreement_not_in_force")


@pytest.mark.parametrize(
    ("content", "path", "body"),
    [
        (INQUIRY, "confirmation", None),
        (INQUIRY, "dispute", {"reason": "x"}),
        (BIRTH, "answer", {"known": True}),
    ],
)
async def test_a_reply_that_does_not_fit_the_kind_is_a_conflict(
    pair: Districts, content: BaseModel, path: str, body: Json | None
) -> None:
    message_id = await received(pair, content)
    clerk = await pair.home.clerk()
    version = (await clerk.get(f"/notices/{message_id}"))["version"]
    answer = await clerk.act(f"/notices/{message_id}/{path}", body, version=version)
    assert (answer.status_code, answer.json()["code"]) == (409, "reply_not_possible")


async def test_nobody_replies_to_an_own_notice(pair: Districts) -> None:
    message_id = await received(pair, BIRTH)
    clerk = await pair.residence.clerk()
    version = (await clerk.get(f"/notices/{message_id}"))["version"]
    answer = await clerk.act(f"/notices/{message_id}/confirmation", version=version)
    assert (answer.status_code, answer.json()["code"]) == (409, "reply_not_possible")


async def test_a_change_needs_the_version_and_only_known_fields(pair: Districts) -> None:
    message_id = await received(pair, INQUIRY)
    clerk = await pair.home.clerk()
    path = f"/notices/{message_id}/answer"
    assert (await clerk.request("POST", path, json={"known": True})).status_code == 428
    assert (await clerk.act(path, {"known": True, "fine": 1}, version=2)).status_code == 422
    assert (await clerk.act(path, {}, version=2)).status_code == 422


async def test_lists_are_filtered_and_come_page_by_page(pair: Districts) -> None:
    first = [await pair.residence.service_notice() for _ in range(5)]
    arrival = await pair.residence.arrival_notice()
    await pair.hand_over()
    clerk = await pair.home.clerk()
    found, after = [], None
    while True:
        page = await clerk.get("/notices", limit=2, **({"after": after} if after else {}))
        found += [one["id"] for one in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert found == [str(one) for one in (arrival, *reversed(first))]
    assert len((await clerk.get("/notices", kind="arrival_notice"))["items"]) == 1
    assert (await clerk.get("/notices", direction="out"))["items"] == []
    assert (await clerk.get("/notices", state="confirmed"))["items"] == []
    assert len((await clerk.get("/notices", partner="310115"))["items"]) == 6
    assert (await clerk.get("/notices", partner="440305"))["items"] == []
    assert (await clerk.request("GET", "/notices", params={"after": "nonsense"})).status_code == 422
    assert (await clerk.request("GET", "/notices", params={"state": "lost"})).status_code == 422


@pytest.mark.parametrize("role", ["community_worker", "service_station", "statistician", "auditor"])
async def test_only_clerks_read_notices(node: Node, role: str) -> None:
    other = await node.clerk(role)
    assert (await other.request("GET", "/notices")).status_code == 403


async def test_a_notice_to_nobody_is_not_found(node: Node) -> None:
    clerk = await node.clerk()
    answer = await clerk.request("GET", "/notices/0197a1f0-0000-7000-8000-000000000001")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert MessageKind.RECEIPT not in {one["kind"] for one in (await clerk.get("/notices"))["items"]}


async def test_content_lies_encrypted_in_the_database(pair: Districts) -> None:
    await received(pair, BIRTH)
    for one in (pair.home, pair.residence):
        for row in await one.rows("SELECT content FROM message"):
            assert "李静".encode() not in row["content"]
            assert b"340103199203045528" not in row["content"]
