"""A hub that is down for ten minutes and a partner that is down for a week, by the domain's clock, on real servers.

What is drafted meanwhile waits at the sender, nothing expires or is overdue before its time, clocks of replies run
from the day of signing at both ends alike, everything arrives in order afterwards, and the digests agree.
"""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from renkou_common.clock import SHANGHAI
from renkou_migrant.calendar import service as calendar
from renkou_migrant.exchange import inquiries
from renkou_migrant.exchange.carried import DepartureNotice, Question, RegistrationNotice
from renkou_migrant.exchange.inquiries import About
from renkou_migrant.exchange.reminders import Reminding

from ..districts import Districts
from ..support import (
    EVERYTHING,
    HOME,
    RESIDENCE,
    RESIDENCE_COMMUNITY,
    Node,
    arrival_notice,
    drafted,
    eventually,
    service_notice,
    subject,
)
from .test_healing import findings, pairs

pytestmark = pytest.mark.endurance

WEEK = range(1, 8)


async def urgent_inquiry(node: Node) -> UUID:
    """An inquiry for a childbirth registration, due in seven working days."""
    about = About(uuid4(), uuid4(), int(RESIDENCE_COMMUNITY), HOME)
    async with node.runtime.database.transaction(EVERYTHING) as tx:
        asked = [Question.REGISTRATION]
        return await inquiries.ask(
            tx, node.runtime, about, subject(), asked, None, urgent=True, attachments=[]
        )


async def of_every_clock(node: Node) -> list[UUID]:
    """What waits for replies of each length, and what waits for none, about one stay."""
    today, stay = node.runtime.clock.today(), uuid4()
    contents = [
        arrival_notice(today),
        service_notice(today),
        RegistrationNotice(subject=subject(), registered_on=today),
        DepartureNotice(subject=subject(), departed_on=today),
    ]
    notices = [drafted(await node.raise_notice(one, arrival_id=stay, occurred_on=today)) for one in contents]
    return [*notices, await urgent_inquiry(node)]


async def dues(node: Node) -> dict[UUID, tuple[date | None, date]]:
    """By message: the last day for its reply and the day on which it was signed."""
    rows = await node.rows("SELECT id, due_on, created_at AT TIME ZONE 'Asia/Shanghai' AS at FROM message")
    return {row["id"]: (row["due_on"], row["at"].date()) for row in rows if row["at"] is not None}


async def overdue(node: Node) -> list[str]:
    clerk = await node.clerk()
    return [one["id"] for one in (await clerk.get("/overdue-notices"))["items"]]


async def all_read(node: Node, ids: list[UUID]) -> None:
    for message_id in ids:
        await node.reaches(message_id, "read", seconds=40)


async def signed(node: Node, message_id: UUID) -> None:
    """Wait until a message is signed."""

    async def is_signed() -> list[dict[str, Any]]:
        return await node.rows("SELECT FROM message WHERE id = $1 AND created_at IS NOT NULL", message_id)

    await eventually(is_signed, 30)


async def arrived_in_order(node: Node, sent: list[UUID]) -> None:
    rows = await node.rows("SELECT id, state FROM message WHERE direction = 'in' ORDER BY pair_seq")
    assert [(row["id"], row["state"]) for row in rows] == [(one, "read") for one in sent]
    assert await node.dead_letters() == []


async def the_digests_agree(districts: Districts, there: int, back: int) -> None:
    """Let both send the digest of the day over the hub."""
    for node in (districts.home, districts.residence):
        await node.sender.compare()

    async def agreed() -> bool:
        ours, theirs = await pairs(districts.residence), await pairs(districts.home)
        sent = (ours["sent_agreed"], theirs["sent_agreed"])
        return sent == (there, back) == (theirs["taken_agreed"], ours["taken_agreed"])

    await eventually(agreed, 30)
    assert await findings(districts.home) == await findings(districts.residence) == []


async def test_a_hub_down_for_ten_minutes_loses_delays_and_expires_nothing_else(districts: Districts) -> None:
    home, residence = districts.home, districts.residence
    assert districts.hub
    await districts.start()
    out, back = [await residence.service_notice()], []
    await all_read(residence, out)
    await districts.hub.stop()
    for minute in range(1, 11):
        await districts.pass_time(timedelta(minutes=minute))
        out.append(await residence.service_notice())
        back.append(await home.service_notice(home_district=RESIDENCE, area=340103002003))
        await signed(residence, out[-1])
        await signed(home, back[-1])
        assert await residence.state(out[-1]) == await home.state(back[-1]) == "drafted"
    assert await overdue(residence) == await overdue(home) == []
    await districts.hub.start()
    await all_read(residence, out)
    await all_read(home, back)
    await arrived_in_order(home, out)
    await arrived_in_order(residence, back)
    rows = await residence.rows(
        "SELECT created_at AS at FROM message WHERE direction = 'out' ORDER BY pair_seq"
    )
    assert rows[-1]["at"] - rows[1]["at"] > timedelta(minutes=8), "signed when drafted, the hub is not needed"
    await districts.pass_days(1)
    await the_digests_agree(districts, len(out), len(back))


async def test_a_partner_down_for_a_week_gets_all_of_it_in_order_and_in_time(districts: Districts) -> None:
    home, residence = districts.home, districts.residence
    residence.start()
    await residence.connected()
    sent: list[UUID] = []
    for day in WEEK:
        await districts.pass_days(day)
        sent += await of_every_clock(residence)
        await residence.reaches(sent[-1], "sent")
        assert await Reminding(residence.runtime).remind() == 0, "nobody is reminded of what was not read"
        assert await overdue(residence) == []
    states = {row["state"] for row in await residence.rows("SELECT state FROM message")}
    assert states == {"sent"}, "nothing has expired"

    home.start()
    await all_read(residence, sent)
    await arrived_in_order(home, sent)
    async with home.runtime.database.transaction(EVERYTHING) as tx:
        working = await calendar.working_days(tx, home.runtime)
    ours, theirs = await dues(residence), await dues(home)
    assert ours == theirs, "both count from the day of signing, not of arrival"
    assert len({signed for _, signed in ours.values()}) == len(WEEK)
    for place, message_id in enumerate(sent):
        due, signed = ours[message_id]
        month = signed + timedelta(days=30)
        assert due == [month, month, month, None, working.add(signed, 7)][place % 5]
    assert await overdue(residence) == await overdue(home) == []

    first, second = sent[4], sent[9]
    await answered_at(home, first)
    await residence.reaches(first, "answered")
    missed = ours[second][0]
    assert missed is not None
    await districts.pass_days((missed - datetime.now(SHANGHAI).date()).days + 1)
    late = [str(one) for one in sent[4::5] if (due := ours[one][0]) and due <= missed and one != first]
    assert sorted(await overdue(residence)) == sorted(await overdue(home)) == sorted(late)
    assert str(second) in late
    reminding = Reminding(residence.runtime)
    assert [await reminding.remind(), await reminding.remind()] == [len(late), 0]
    await eventually(lambda: was_reminded(home, second))
    counted = await home.counted()
    assert (counted["reply_due"], counted["reply_on_time"]) == (4 * len(WEEK), 1)
    await the_digests_agree(districts, len(sent) + len(late), 1)


async def answered_at(node: Node, message_id: UUID) -> None:
    clerk = await node.clerk()
    version = (await clerk.get(f"/notices/{message_id}"))["version"]
    said: Any = await clerk.act(f"/notices/{message_id}/answer", {"known": True}, version=version)
    assert said.status_code == 200, said.text


async def was_reminded(node: Node, message_id: UUID) -> bool:
    shown = await (await node.clerk()).get(f"/notices/{message_id}")
    return bool(shown["reminders"] == 1)
