"""A message needs a purpose in force beside its agreement; the register's administrator ends one at once."""

from datetime import date, timedelta
from typing import Any

import pytest

from renkou_common.contracts.registry import RegistryEventType
from renkou_common.contracts.registry_privacy import FIRST_NOTICE_PURPOSES, NOTICE, PurposeChanged
from renkou_migrant.exchange.contracts import TESTS, UNNUMBERED, MessageKind
from renkou_migrant.exchange.local import hand_over
from renkou_migrant.exchange.refusals import explain

from ..districts import Districts
from ..support import EVERYTHING, HOME, Node, arrival_notice, service_notice
from .test_automatic import apply, event


def test_every_kind_that_tells_of_somebody_has_a_purpose() -> None:
    covered = [kind for kinds in FIRST_NOTICE_PURPOSES.values() for kind in kinds]
    assert sorted(covered) == sorted(set(MessageKind) - TESTS - UNNUMBERED)


async def test_a_node_starts_with_the_purposes_that_the_register_starts_with(node: Node) -> None:
    rows = await node.rows("SELECT code, kinds, active_to FROM exchange_purpose")
    assert {row["code"]: tuple(row["kinds"]) for row in rows} == FIRST_NOTICE_PURPOSES
    assert {row["active_to"] for row in rows} == {None}


async def purpose(node: Node, code: str, active_to: date | None) -> None:
    """The register publishes that a purpose ends on a day, or goes on."""
    covers = [f"{NOTICE}{kind}" for kind in FIRST_NOTICE_PURPOSES[code]]
    change = PurposeChanged(
        code=code, covers=[*covers, "export:persons"], active_from=date(2021, 11, 1), active_to=active_to
    )
    await apply(node, event(RegistryEventType.PURPOSE_CHANGED, change))


async def test_what_waits_is_given_up_and_nothing_new_is_drafted_once_a_purpose_has_ended(
    pair: Districts,
) -> None:
    residence, today = pair.residence, pair.residence.runtime.clock.today()
    waiting, other = await residence.arrival_notice(), await residence.service_notice()
    await purpose(residence, "exchange_arrival", today)
    await pair.hand_over()
    assert await residence.state(waiting) == "dead: purpose_ended"
    assert (await pair.home.state(waiting), await pair.home.state(other)) == (None, "read")
    assert await residence.raise_notice(arrival_notice(today)) is None
    clerk = await residence.clerk()
    shown = await clerk.get(f"/notices/{waiting}")
    assert (shown["state"], shown["code"]) == ("dead", "purpose_ended")
    said = explain("purpose_ended")
    assert said is not None
    assert said.zh in str(shown)


async def test_a_purpose_that_goes_on_or_ends_later_lets_messages_leave(pair: Districts) -> None:
    residence, today = pair.residence, pair.residence.runtime.clock.today()
    await purpose(residence, "exchange_service", today)
    assert await residence.raise_notice(service_notice(today)) is None
    for active_to in (today + timedelta(days=1), None):
        await purpose(residence, "exchange_service", active_to)
        message_id = await residence.service_notice()
        await pair.hand_over()
        assert await pair.home.state(message_id) == "read"


async def test_staff_are_told_why_a_reply_is_not_possible(pair: Districts) -> None:
    message_id = await pair.residence.arrival_notice()
    await pair.hand_over()
    await purpose(pair.home, "exchange_inquiry", pair.home.runtime.clock.today())
    clerk = await pair.home.clerk()
    version = (await clerk.get(f"/notices/{message_id}"))["version"]
    refused = await clerk.act(f"/notices/{message_id}/answer", {"known": True}, version=version)
    assert (refused.status_code, refused.json()["code"]) == (409, "purpose_ended")
    assert await pair.home.state(message_id) == "read"


@pytest.mark.parametrize("ended", [True, False])
async def test_offices_of_one_district_need_the_purpose_as_well(node: Node, ended: bool) -> None:
    today = node.runtime.clock.today()
    if ended:
        await purpose(node, "exchange_arrival", today)
    changes: dict[str, Any] = {"home_district": f"{node.district}002", "area": int(f"{node.district}005001")}
    message_id = await node.raise_notice(arrival_notice(today), **changes)
    assert (message_id is None) == ended
    if message_id is None:
        return
    assert await node.state(message_id) == "read"
    await purpose(node, "exchange_arrival", today)
    await node.rows("UPDATE message SET state = 'drafted' WHERE id = $1 RETURNING id", message_id)
    async with node.runtime.database.transaction(EVERYTHING) as tx:
        await hand_over(tx, node.runtime, message_id)
    assert await node.state(message_id) == "dead: purpose_ended"


async def test_the_register_of_sharing_says_who_was_told_what_on_which_basis(pair: Districts) -> None:
    for _ in range(2):
        await pair.residence.arrival_notice()
    await pair.residence.service_notice()
    await pair.hand_over()
    await pair.residence.rows(
        "UPDATE message SET sent_at = now() WHERE sent_at IS NULL AND pair_seq > 0 RETURNING id"
    )
    auditor = await pair.residence.clerk("auditor")
    items = {each["kind"]: each for each in (await auditor.get("/privacy/sharing"))["items"]}
    told = items["arrival_notice"]
    assert (told["partner"], told["messages"], told["purpose_code"]) == (HOME, 2, "exchange_arrival")
    assert (told["kind_zh"], told["legal_basis"][:9]) == ("流入登记告知", "《个人信息保护法》")
    assert items["service_notice"]["agreement_id"] == told["agreement_id"]
    other = await pair.residence.clerk("auditor", f"{pair.residence.district}999")
    assert (await other.get("/privacy/sharing"))["items"] == []
    assert (await auditor.get("/privacy/sharing", year=2001))["items"] == []
