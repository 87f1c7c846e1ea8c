"""Trust lists, partners and agreements over HTTP."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest

from renkou_common.contracts.registry import SessionEnded, StaffAssignment, StaffChanged
from renkou_common.identity import rights, sessions
from renkou_common.scope import AreaScope
from renkou_migrant.credentials.jws import SigningKey
from renkou_migrant.credentials.trust import verify_trust_list
from renkou_migrant.main import create_app

from ..districts import SignList
from ..support import Clerk, Node, Until


async def put(administrator: Clerk, token: str) -> httpx.Response:
    return await administrator.request("PUT", "/trust-list", json={"trust_list": token})


async def test_a_trust_list_names_the_partners(node: Node, lists: SignList) -> None:
    administrator = await node.clerk("administrator")
    assert (await administrator.get("/partners"))["trust_list"] is None
    answer = await put(administrator, lists(3))
    assert answer.status_code == 200, answer.text
    assert (answer.json()["sequence"], answer.json()["districts"], answer.json()["stale"]) == (3, 2, False)
    page = await administrator.get("/partners")
    assert [one["district"] for one in page["items"]] == ["340103"]
    assert {key["use"] for key in page["items"][0]["keys"]} == {
        "certificate",
        "exchange_signing",
        "exchange_encryption",
    }
    assert page["trust_list"]["sequence"] == 3


async def test_an_older_trust_list_is_refused_and_the_newer_one_stays(node: Node, lists: SignList) -> None:
    administrator = await node.clerk("administrator")
    await put(administrator, lists(3))
    older = await put(administrator, lists(2))
    assert (older.status_code, older.json()["code"]) == (409, "list_rolled_back")
    other = await put(administrator, lists(3, only_home=True))
    assert (other.status_code, other.json()["code"]) == (409, "list_conflict")
    assert (await administrator.get("/partners"))["trust_list"]["sequence"] == 3
    assert (await put(administrator, lists(4))).status_code == 200


async def test_a_list_of_another_anchor_or_an_altered_one_is_refused(node: Node, lists: SignList) -> None:
    administrator = await node.clerk("administrator")
    foreign = lists(3, signed_by=SigningKey.generate("anchor-1", "EdDSA"))
    token = lists(3)
    altered = token[:100] + ("A" if token[100] != "A" else "B") + token[101:]
    for bad, codes in (
        (foreign, {"bad_signature"}),
        (altered, {"bad_signature", "malformed"}),
        ("x", {"malformed"}),
    ):
        answer = await put(administrator, bad)
        assert answer.status_code == 422
        assert answer.json()["code"] in codes


async def test_a_node_describes_itself_with_public_keys_only(node: Node, lists: SignList) -> None:
    administrator = await node.clerk("administrator")
    own = await administrator.get("/partners/self")
    assert own["description"]["code"] == "310115"
    assert own["signed"].count(".") == 2
    text = str(own["description"])
    assert "'d':" not in text
    trusted = verify_trust_list(lists(1), node.runtime.anchor).districts["310115"]
    assert set(trusted.exchange_signing_keys) == {
        key["kid"] for key in own["description"]["exchange_signing_keys"]
    }


async def test_clerks_read_partners_but_only_administrators_change_them(node: Node, lists: SignList) -> None:
    clerk = await node.clerk()
    assert (await clerk.get("/partners"))["items"] == []
    assert (await put(clerk, lists(1))).status_code == 403


async def test_without_a_token_there_is_nothing_but_health_and_what_is_public(node: Node) -> None:
    app = create_app(node.runtime.settings, node.runtime)
    open_paths = ("/health", "/public/", "/.well-known/")
    asked = 0
    for path, operations in app.openapi()["paths"].items():
        for method in operations:
            if path.startswith(open_paths):
                continue
            concrete = path
            for name in [part[1:-1] for part in path.split("/") if part.startswith("{")]:
                concrete = concrete.replace(f"{{{name}}}", "0197a1f0-0000-7000-8000-000000000001")
            answer = await node.client.request(method, concrete)
            assert answer.status_code == 401, (method, path, answer.status_code)
            asked += 1
    assert asked > 12
    assert (await node.client.get("/health/ready")).status_code == 200


async def test_a_token_of_another_node_or_kind_is_refused(node: Node) -> None:
    register = node.register
    service = register.service_token("reporting-worker")
    answer = await node.client.get("/notices", headers={"Authorization": f"Bearer {service}"})
    assert answer.status_code == 403
    feed = await node.client.get("/feeds/migrant", headers={"Authorization": f"Bearer {service}"})
    assert (feed.status_code, feed.json()["items"]) == (200, [])
    altered = register.staff_token(uuid4())[:-4] + "AAAA"
    assert (
        await node.client.get("/notices", headers={"Authorization": f"Bearer {altered}"})
    ).status_code == 401


async def test_a_session_that_ended_opens_nothing_here_any_more(node: Node, until: Until) -> None:
    clerk = await node.clerk()
    mine, other = uuid4(), uuid4()
    headers = [
        {"Authorization": f"Bearer {node.register.issuer.issue(clerk.id, 'staff', 'clerk', session=each)}"}
        for each in (mine, other)
    ]
    assert [(await node.client.get("/notices", headers=each)).status_code for each in headers] == [200, 200]
    async with node.runtime.database.transaction(AreaScope.everything()) as tx:
        ended = SessionEnded(session_id=mine, until=datetime.now(UTC) + timedelta(minutes=15))
        for _ in range(2):
            await sessions.take_over_end(tx, ended)

    async def refused() -> bool:
        return (await node.client.get("/notices", headers=headers[0])).status_code == 401

    await until(refused, 5)
    assert (await node.client.get("/notices", headers=headers[1])).status_code == 200


async def test_a_clerk_who_left_can_do_nothing_any_more(node: Node, until: Until) -> None:
    clerk = await node.clerk()
    assert (await clerk.request("GET", "/notices")).status_code == 200
    async with node.runtime.database.transaction(AreaScope.everything()) as tx:
        await rights.take_over(tx, StaffChanged(staff_id=clerk.id, active=False, assignments=[]))

    async def refused() -> bool:
        return (await clerk.request("GET", "/notices")).status_code == 403

    await until(refused, 5)


async def test_a_districts_own_role_gives_its_scopes_here_from_its_first_day_to_its_last(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    helper = await node.clerk("a_role_of_the_district")
    assert (await helper.request("GET", "/notices")).status_code == 403
    now, code = node.runtime.clock.now(), node.district
    one = StaffAssignment(
        role="a_role_of_the_district",
        area=code.ljust(12, "0"),
        area_high=code.ljust(12, "9"),
        scopes=["notice:read", "of:tomorrow"],
        valid_from=now + timedelta(days=1),
        valid_to=now + timedelta(days=2),
    )
    later = await node.clerk("a_role_of_the_district")
    async with node.runtime.database.transaction(AreaScope.everything()) as tx:
        await rights.take_over(tx, StaffChanged(staff_id=later.id, active=True, assignments=[one]))
    for ahead, status in ((0, 403), (1.5, 200), (2.5, 403)):
        monkeypatch.setattr(node.runtime.clock, "_offset", timedelta(days=ahead))
        assert (await later.request("GET", "/notices")).status_code == status
    assert (await later.request("GET", "/departures")).status_code == 403
