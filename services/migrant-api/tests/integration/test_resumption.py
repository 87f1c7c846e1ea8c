"""Whatever a partner refused while it had suspended the agreement comes again when that is resumed, in its turn."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import BaseModel

from renkou_migrant.agreements import lifecycle
from renkou_migrant.exchange import inquiries
from renkou_migrant.exchange.carried import (
    BirthNotice,
    CertificateCheckedNotice,
    DepartureNotice,
    Question,
    RegistrationNotice,
)
from renkou_migrant.exchange.contracts import NOTICES, MessageKind
from renkou_migrant.exchange.inquiries import About

from ..districts import Districts
from ..stays import born, corrected, retracted, somebody_stays
from ..support import (
    EVERYTHING,
    HOME,
    RESIDENCE_COMMUNITY,
    Clerk,
    Node,
    arrival_notice,
    drafted,
    service_notice,
    subject,
)
from .test_agreed import resumed, step, tell


def notices(node: Node) -> dict[MessageKind, BaseModel]:
    """A notice of each kind, of today."""
    today = node.runtime.clock.today()
    somebody, child = subject(), {"name": "王一诺", "sex": 1, "birth_date": today, "parity": 1}
    return {
        MessageKind.ARRIVAL_NOTICE: arrival_notice(today),
        MessageKind.SERVICE_NOTICE: service_notice(today),
        MessageKind.CERTIFICATE_CHECKED: CertificateCheckedNotice(
            subject=somebody, checked_on=today, result="valid", code="valid"
        ),
        MessageKind.BIRTH_NOTICE: BirthNotice.model_validate(
            {"subject": somebody, "child": child, "birth_area": RESIDENCE_COMMUNITY}
        ),
        MessageKind.DEPARTURE_NOTICE: DepartureNotice(subject=somebody, departed_on=today),
        MessageKind.REGISTRATION_NOTICE: RegistrationNotice(subject=somebody, registered_on=today),
    }


async def asked(node: Node) -> UUID:
    """An inquiry to the home district."""
    about = About(uuid4(), uuid4(), int(RESIDENCE_COMMUNITY), HOME)
    async with node.runtime.database.transaction(EVERYTHING) as tx:
        questions = [Question.PERSON]
        return await inquiries.ask(
            tx, node.runtime, about, subject(), questions, "在册否", urgent=False, attachments=[]
        )


class Suspension:
    """The receiver suspends while something is under way, and resumes later."""

    def __init__(self, pair: Districts, sender: Node, receiver: Node) -> None:
        self._pair, self._sender, self._receiver = pair, sender, receiver
        self._agreement: UUID | None = None

    async def refuses_what_is_under_way(self) -> None:
        """The sender seals, the receiver suspends and refuses by a signed receipt."""
        under_way = list((await self._sender.sealed()).values())
        (row,) = await self._receiver.rows("SELECT id FROM agreement")
        self._agreement = row["id"]
        await step(self._receiver, lifecycle.suspend, row["id"], "数据核对")
        await self._receiver.take(self._sender, *under_way)
        await self._sender.take(self._receiver, *await self._receiver.receipts())
        assert await self._sender.sealed() == {}, "what waits under a suspended agreement is not numbered"

    async def ends(self) -> None:
        """The receiver resumes and tells, and everything is carried over."""
        assert self._agreement is not None
        await resumed(self._receiver, self._agreement)
        await tell(self._receiver, self._sender, self._agreement)
        await self._sender.completion.complete()
        await self._pair.hand_over()


async def taken(node: Node) -> list[str]:
    """Kinds of what a node has taken in, in their order."""
    rows = await node.rows(
        "SELECT kind FROM message WHERE direction = 'in' AND state <> 'dead' ORDER BY pair_seq"
    )
    return [row["kind"] for row in rows]


async def notice(clerk: Clerk, message_id: UUID | str) -> dict[str, Any]:
    return dict(await clerk.get(f"/notices/{message_id}"))


async def answered(node: Node, message_id: UUID, note: str) -> None:
    clerk = await node.clerk()
    version = (await notice(clerk, message_id))["version"]
    said = await clerk.act(f"/notices/{message_id}/answer", {"known": True, "note": note}, version=version)
    assert said.status_code == 200, said.text


@pytest.mark.parametrize("kind", sorted(NOTICES))
async def test_a_notice_of_each_kind_comes_again_and_is_owed_once(pair: Districts, kind: MessageKind) -> None:
    residence = pair.residence
    content = notices(residence)[kind]
    refused = drafted(await residence.raise_notice(content))
    suspension = Suspension(pair, residence, pair.home)
    await suspension.refuses_what_is_under_way()
    assert await residence.state(refused) == "dead: agreement_suspended"
    assert (await residence.counted()).get("notice_sent", 0) == 0
    await suspension.ends()
    assert await taken(pair.home) == [kind]
    counted = await residence.counted()
    assert (counted["notice_due"], counted["notice_sent"]) == (1, 1)
    shown = await notice(await residence.clerk(), refused)
    assert "另行起草" in str(shown["explanation"])


async def test_an_inquiry_comes_again_and_is_answered(pair: Districts) -> None:
    await asked(pair.residence)
    suspension = Suspension(pair, pair.residence, pair.home)
    await suspension.refuses_what_is_under_way()
    await suspension.ends()
    (row,) = await pair.home.rows("SELECT id FROM message WHERE state = 'read'")
    await answered(pair.home, row["id"], "在册")
    await pair.hand_over()
    assert await pair.residence.state(row["id"]) == "answered"


async def test_an_answer_comes_again_and_closes_the_inquiry(pair: Districts) -> None:
    inquiry = await asked(pair.residence)
    await pair.hand_over()
    await answered(pair.home, inquiry, "在册")
    suspension = Suspension(pair, pair.home, pair.residence)
    await suspension.refuses_what_is_under_way()
    assert await pair.residence.state(inquiry) == "read"
    await suspension.ends()
    assert await pair.residence.state(inquiry) == "answered"
    replies = (await notice(await pair.residence.clerk(), inquiry))["replies"]
    (reply,) = [one for one in replies if one["state"] != "dead"]
    assert reply["content"]["note"] == "在册"


async def test_corrections_come_again_in_their_order(pair: Districts) -> None:
    inquiry = await asked(pair.residence)
    await pair.hand_over()
    await answered(pair.home, inquiry, "一")
    await pair.hand_over()
    (row,) = await pair.home.rows("SELECT id FROM message WHERE kind = 'answer'")
    clerk = await pair.home.clerk()

    async def correct(note: str) -> None:
        version = (await notice(clerk, row["id"]))["version"]
        said = await clerk.act(
            f"/notices/{row['id']}/correction", {"answer": {"known": True, "note": note}}, version=version
        )
        assert said.status_code == 200, said.text

    await correct("二")
    suspension = Suspension(pair, pair.home, pair.residence)
    await suspension.refuses_what_is_under_way()
    await correct("三")
    await suspension.ends()
    shown = await notice(await pair.residence.clerk(), row["id"])
    assert shown["content"]["note"] == "三"
    assert [one["content"]["note"] for one in shown["history"]] == ["一", "二"]


async def test_what_tells_nothing_new_goes_while_suspended(pair: Districts) -> None:
    residence, home = pair.residence, pair.home
    first, second = await residence.service_notice(), await residence.service_notice()
    withdrawn = await asked(residence)
    await pair.hand_over()
    (row,) = await residence.rows("SELECT id FROM agreement")
    await step(residence, lifecycle.suspend, row["id"], "数据核对")
    clerk, asker = await home.clerk(), await residence.clerk()
    for message_id, path, body in (
        (first, "confirmation", None),
        (second, "dispute", {"reason": "查无此人"}),
    ):
        version = (await notice(clerk, message_id))["version"]
        assert (await clerk.act(f"/notices/{message_id}/{path}", body, version=version)).status_code == 200
    version = (await notice(asker, withdrawn))["version"]
    taken_back = await asker.act(f"/notices/{withdrawn}/withdrawal", {"reason": "settled"}, version=version)
    assert taken_back.status_code == 200, taken_back.text
    await pair.hand_over()
    assert await residence.state(first) == "confirmed"
    assert await residence.state(second) == "disputed"
    assert (await notice(clerk, withdrawn))["withdrawn_because"] == "settled"


async def test_what_was_refused_keeps_its_turn_before_what_was_drafted_meanwhile(pair: Districts) -> None:
    residence, stay = pair.residence, uuid4()
    content = notices(residence)
    await residence.raise_notice(content[MessageKind.ARRIVAL_NOTICE], arrival_id=stay)
    await asked(residence)
    under_way = list((await residence.sealed()).values())
    await residence.raise_notice(content[MessageKind.DEPARTURE_NOTICE], arrival_id=stay)
    (row,) = await pair.home.rows("SELECT id FROM agreement")
    await step(pair.home, lifecycle.suspend, row["id"], "数据核对")
    await pair.home.take(residence, *under_way)
    await residence.take(pair.home, *await pair.home.receipts())
    await resumed(pair.home, row["id"])
    await tell(pair.home, residence, row["id"])
    await pair.hand_over()
    assert await taken(pair.home) == ["arrival_notice", "inquiry", "departure_notice"]


async def test_what_waits_follows_the_register(pair: Districts) -> None:
    residence = pair.residence
    mother, _ = await somebody_stays(residence)
    kept, gone = await born(residence, mother), await born(residence, mother)
    await residence.completion.complete()
    suspension = Suspension(pair, residence, pair.home)
    await suspension.refuses_what_is_under_way()
    residence.register.registers(kept, name="王一诺然")
    await corrected(residence, kept)
    await retracted(residence, gone)
    await suspension.ends()
    assert await taken(pair.home) == ["birth_notice"]
    (row,) = await pair.home.rows("SELECT id FROM message WHERE state = 'read'")
    shown = await notice(await pair.home.clerk(), row["id"])
    assert shown["content"]["child"]["name"] == "王一诺然"
    counted = await residence.counted()
    assert (counted["notice_due"], counted["notice_sent"]) == (1, 1)


async def test_a_correction_under_way_with_what_it_corrects_is_said_by_what_takes_its_place(
    pair: Districts,
) -> None:
    residence = pair.residence
    mother, _ = await somebody_stays(residence)
    child = await born(residence, mother)
    await residence.completion.complete()
    await residence.sealed()
    residence.register.registers(child, name="王一诺然")
    await corrected(residence, child)
    await residence.completion.complete()
    suspension = Suspension(pair, residence, pair.home)
    await suspension.refuses_what_is_under_way()
    await suspension.ends()
    assert await taken(pair.home) == ["birth_notice"]
    (row,) = await pair.home.rows("SELECT id FROM message WHERE state = 'read'")
    shown = await notice(await pair.home.clerk(), row["id"])
    assert shown["content"]["child"]["name"] == "王一诺然"
    states = {row["state"] for row in await residence.rows("SELECT state FROM message")}
    assert states == {"dead", "read"}


async def test_a_refusal_that_comes_after_the_resumption_suspends_nothing_again(pair: Districts) -> None:
    residence, home = pair.residence, pair.home
    await residence.arrival_notice()
    under_way = list((await residence.sealed()).values())
    (row,) = await home.rows("SELECT id FROM agreement")
    await step(home, lifecycle.suspend, row["id"], "数据核对")
    await home.take(residence, *under_way)
    late = await home.receipts()
    await pair.pass_days(1)
    await resumed(home, row["id"])
    await tell(home, residence, row["id"])
    await residence.take(home, *late)
    await pair.hand_over()
    assert await taken(home) == ["arrival_notice"]


async def test_drafts_under_a_version_whose_successor_is_suspended_wait(strangers: Districts) -> None:
    residence, home = strangers.residence, strangers.home
    first = await strangers.agree()
    message_id = await residence.arrival_notice()
    second = await strangers.agree(replaces=first)
    await step(residence, lifecycle.suspend, second, "数据核对")
    await strangers.hand_over()
    assert await residence.state(message_id) == "drafted"
    await resumed(residence, second)
    await strangers.hand_over()
    assert await home.state(message_id) == "read"
