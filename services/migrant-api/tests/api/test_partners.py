"""Trust lists, partners and agreements over HTTP."""

from uuid import uuid4

import httpx
import pytest

from renkou_common.contracts.registry import StaffChanged
from renkou_common.identity import rights
from renkou_common.scope import AreaScope
from renkou_migrant.credentials.jws import SigningKey
from renkou_migrant.credentials.trust import verify_trust_list
from renkou_migrant.main import create_app

from ..districts import SignList
from ..support import Clerk, Json, Node, Until

AGREEMENT = {
    "id": "0197a1f0-0000-7000-8000-0000000000aa",
    "partner": "340103",
    "valid_from": "2025-01-01",
    "valid_to": "2035-12-31",
    "legal_basis": "双向管理协议 2025-01",
    "kinds": [
        {"kind": "arrival_notice", "direction": "send"},
        {"kind": "birth_notice", "direction": "both"},
    ],
}


async def put(administrator: Clerk, token: str) -> httpx.Response:
    return await administrator.request("PUT", "/trust-list", json={"trust_list": token})


async def create(administrator: Clerk, body: Json, key: str | None = None) -> httpx.Response:
    headers = {"Idempotency-Key": key or str(uuid4())}
    return await administrator.request("POST", "/agreements", json=body, headers=headers)


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


async def test_an_agreement_is_recorded_once_and_ends_once(node: Node) -> None:
    administrator = await node.clerk("administrator")
    key = str(uuid4())
    created = await create(administrator, AGREEMENT, key)
    assert created.status_code == 201, created.text
    assert created.json()["in_force"] is True
    assert created.json()["kinds"][0]["purpose_zh"]
    assert (await create(administrator, AGREEMENT, key)).json()["id"] == AGREEMENT["id"]
    assert (await create(administrator, AGREEMENT)).json()["code"] == "agreement_exists"
    path = f"/agreements/{AGREEMENT['id']}"
    ended = await administrator.act(f"{path}/end", version=1)
    assert (ended.json()["in_force"], ended.headers["etag"]) == (False, '"2"')
    again = await administrator.act(f"{path}/end", version=2)
    assert (again.status_code, again.json()["code"]) == (409, "agreement_ended")
    assert (await administrator.get(path))["ended_on"] is not None


@pytest.mark.parametrize(
    "change",
    [
        {"partner": "310115"},
        {"partner": "3401"},
        {"valid_to": "2024-12-31"},
        {"kinds": []},
        {"kinds": [{"kind": "confirmation", "direction": "both"}]},
        {"kinds": [{"kind": "pregnancy_notice", "direction": "both"}]},
        {"legal_basis": ""},
        {"fee": 100},
    ],
)
async def test_an_agreement_that_makes_no_sense_is_refused(node: Node, change: Json) -> None:
    administrator = await node.clerk("administrator")
    assert (await create(administrator, {**AGREEMENT, **change})).status_code == 422


async def test_clerks_read_partners_and_agreements_but_only_administrators_change_them(
    node: Node, lists: SignList
) -> None:
    clerk = await node.clerk()
    assert (await clerk.get("/agreements"))["items"] == []
    assert (await put(clerk, lists(1))).status_code == 403
    assert (await create(clerk, AGREEMENT)).status_code == 403


async def test_agreements_come_page_by_page(node: Node) -> None:
    administrator = await node.clerk("administrator")
    for number in range(3):
        await create(administrator, {**AGREEMENT, "id": str(uuid4()), "partner": f"34010{number + 2}"})
    first = await administrator.get("/agreements", limit=2)
    second = await administrator.get("/agreements", limit=2, after=first["next"])
    assert [one["partner"] for one in first["items"] + second["items"]] == ["340102", "340103", "340104"]
    assert second["next"] is None
    assert len((await administrator.get("/agreements", partner="340104"))["items"]) == 1


async def test_without_a_token_there_is_nothing_but_health_and_what_is_public(node: Node) -> None:
    app = create_app(node.runtime.settings, node.runtime)
    open_paths = ("/health", "/public/")
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


async def test_a_clerk_who_left_can_do_nothing_any_more(node: Node, until: Until) -> None:
    clerk = await node.clerk()
    assert (await clerk.request("GET", "/notices")).status_code == 200
    async with node.runtime.database.transaction(AreaScope.everything()) as tx:
        await rights.take_over(tx, StaffChanged(staff_id=clerk.id, active=False, assignments=[]))

    async def refused() -> bool:
        return (await clerk.request("GET", "/notices")).status_code == 403

    await until(refused, 5)
