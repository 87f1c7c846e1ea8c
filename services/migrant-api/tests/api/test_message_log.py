"""The message log over HTTP: its export and the evidence about a message, verified as a third party does."""

import json
from typing import Any
from uuid import UUID

import httpx
import pytest
from pydantic import BaseModel

from renkou_common.scope import AreaScope
from renkou_migrant.credentials.jws import VerifyingKey
from renkou_migrant.exchange.carried import BirthNotice
from renkou_migrant.exchange.wire import ExchangeKeys
from renkou_migrant.message_log import service
from renkou_migrant.message_log.evidence import cover
from renkou_migrant.message_log.proof.bundle import verify_bundle
from renkou_migrant.message_log.proof.flaws import Flaw, ProofError
from renkou_migrant.message_log.proof.log import LogReport, compare_logs, verify_log

from ..districts import Districts
from ..integration.test_reception import sealed_by
from ..support import HOME, RESIDENCE, Clerk, Node, drafted
from .test_onboarding import described, take, use, with_new_keys

BIRTH = BirthNotice.model_validate(
    {
        "subject": {"name": "李静", "resident_id": "340103199203045528", "home_area": "340103002003"},
        "child": {"name": "王一诺", "sex": 2, "birth_date": "2026-02-11", "parity": 1},
        "birth_area": "310115005001",
    }
)
REASON = {"reason": "行政复议: 证明通报已送达"}


async def received(pair: Districts, content: BaseModel) -> UUID:
    """A notice that the home district has read."""
    message_id = await pair.residence.raise_notice(content)
    await pair.hand_over()
    return drafted(message_id)


async def exported(node: Node) -> list[bytes]:
    auditor = await node.clerk("auditor")
    answer = await auditor.request("GET", "/message-log/export")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/x-ndjson"
    return answer.content.splitlines()


def verified(pair: Districts, lines: list[bytes], **beside: Any) -> LogReport:
    return verify_log(lines, anchor_of(pair), **beside)


def anchor_of(pair: Districts) -> VerifyingKey:
    return pair.anchor.public


async def evidence(clerk: Clerk, message_id: UUID, body: dict[str, str] | None = None) -> httpx.Response:
    return await clerk.request("POST", f"/notices/{message_id}/evidence", json=body or REASON)


async def test_the_log_holds_every_message_and_receipt_of_both_ends(pair: Districts) -> None:
    await received(pair, BIRTH)
    for one, expected in (
        (pair.residence, [("out", "birth_notice", "sealed"), ("in", "receipt", "received")]),
        (pair.home, [("in", "birth_notice", "accepted"), ("out", "receipt", "sealed")]),
    ):
        auditor = await one.clerk("auditor")
        page = await auditor.get("/message-log")
        found = [(e["direction"], e["kind"], e["outcome"]) for e in page["items"]]
        assert found == [("in", "trust_list", "accepted"), *expected]


async def test_both_exports_prove_to_a_third_party_what_was_sent_and_agree(pair: Districts) -> None:
    for _ in range(3):
        await received(pair, BIRTH)
    sent = verified(pair, await exported(pair.residence))
    taken = verified(pair, await exported(pair.home))
    assert list(sent.pairs[HOME].sent) == [1, 2, 3]
    assert set(sent.pairs[HOME].attested.values()) == {"read"}
    assert compare_logs(sent, taken) == 3


async def test_an_export_holds_no_content_of_messages(pair: Districts) -> None:
    message_id = await received(pair, BIRTH)
    lines = [json.loads(line) for line in await exported(pair.residence)]
    with_text = {line["entry"]["kind"] for line in lines if "text" in line}
    assert with_text == {"trust_list", "receipt"}
    assert str(message_id) in str(lines)


async def test_the_evidence_about_a_notice_is_proved_at_either_end(pair: Districts) -> None:
    message_id = await received(pair, BIRTH)
    for one in (pair.residence, pair.home):
        answer = await evidence(await one.clerk(), message_id)
        assert answer.status_code == 200, answer.text
        found = verify_bundle(answer.json(), anchor_of(pair))
        assert found.message.payload == BIRTH.model_dump(mode="json")
        assert (found.message.sender, found.district) == (RESIDENCE, one.district)
        assert [(each.by, each.state) for each in found.acknowledgements] == [(HOME, "read")]


async def test_evidence_stays_proved_after_keys_and_lists_have_changed(pair: Districts) -> None:
    message_id = await received(pair, BIRTH)
    clerk = await pair.residence.clerk()
    before = (await evidence(clerk, message_id)).json()
    await pair.trust_again(2)
    await received(pair, BIRTH)
    after = (await evidence(clerk, message_id)).json()
    for bundle in (before, after):
        verify_bundle(bundle, anchor_of(pair))
    verify_bundle(after, anchor_of(pair), noted=before["checkpoints"])


async def test_only_who_may_gets_evidence_and_every_taking_is_on_record(pair: Districts) -> None:
    message_id = await received(pair, BIRTH)
    elsewhere = await pair.home.clerk("subdistrict_clerk", "340103013")
    assert (await evidence(elsewhere, message_id)).status_code == 404
    auditor = await pair.home.clerk("auditor")
    assert (await evidence(auditor, message_id)).status_code == 403
    clerk = await pair.home.clerk()
    assert (await evidence(clerk, message_id, {"reason": ""})).status_code == 422
    assert (await evidence(clerk, message_id)).status_code == 200
    (taken,) = (await auditor.get("/evidence-exports"))["items"]
    assert (taken["message_id"], taken["staff_id"], taken["reason"]) == (
        str(message_id),
        str(clerk.id),
        REASON["reason"],
    )


async def test_there_is_no_evidence_of_what_was_not_sent_yet(pair: Districts) -> None:
    message_id = drafted(await pair.residence.raise_notice(BIRTH))
    answer = await evidence(await pair.residence.clerk(), message_id)
    assert (answer.status_code, answer.json()["code"]) == (409, "no_evidence")


async def test_signed_texts_lie_encrypted_and_only_where_their_message_is(pair: Districts) -> None:
    await received(pair, BIRTH)
    runtime = pair.home.runtime
    for row in await pair.home.rows("SELECT sealed FROM message_log_text WHERE sealed IS NOT NULL"):
        assert "李静".encode() not in row["sealed"]
        assert b"eyJ" not in row["sealed"]
    async with runtime.database.transaction(AreaScope.nothing()) as tx:
        assert await tx.fetchval("SELECT count(*) FROM message_log_text WHERE sealed IS NOT NULL") == 0
    with pytest.raises(Exception, match="permission denied"):
        await pair.home.rows("UPDATE message_log_text SET clear = ''")


async def test_a_log_cut_off_in_the_database_is_found_by_a_checkpoint_kept(pair: Districts) -> None:
    await received(pair, BIRTH)
    async with pair.residence.runtime.database.transaction(AreaScope.nothing()) as tx:
        kept = await cover(tx, pair.residence.runtime)
    assert kept
    lines = await exported(pair.residence)
    verified(pair, lines, noted=[kept.token])
    shorter = [*lines[:3], json.dumps({"end": {"position": 2, "hash": "00" * 32}}).encode()]
    with pytest.raises(ProofError):
        verified(pair, shorter, noted=[kept.token])


async def test_each_district_witnesses_the_others_log_and_no_less_later(pair: Districts) -> None:
    await received(pair, BIRTH)
    home, residence = pair.home.runtime, pair.residence.runtime
    async with residence.database.transaction(AreaScope.nothing()) as tx:
        said = await service.statement(tx, HOME)
    assert said["witnessed"] is None
    position, last = said["head"]["position"], bytes.fromhex(said["head"]["hash"])
    now = home.clock.now()
    async with home.database.transaction(AreaScope.nothing()) as tx:
        assert await service.take_statement(tx, RESIDENCE, position, last, now)
        assert not await service.take_statement(tx, RESIDENCE, position - 1, last, now)
        assert not await service.take_statement(tx, RESIDENCE, position, bytes(32), now)
        back = await service.statement(tx, RESIDENCE)
    assert back["witnessed"] == said["head"]


async def test_messages_signed_by_keys_that_came_by_descriptions_are_proved_at_both_ends(
    pair: Districts,
) -> None:
    first = await received(pair, BIRTH)
    for one, other in ((pair.home, pair.residence), (pair.residence, pair.home)):
        with_new_keys(one)
        async with one.runtime.database.transaction(AreaScope.nothing()) as tx:
            await cover(tx, one.runtime)
        told = (await described(one))["signed"]
        assert (await take(await other.clerk("administrator"), told)).status_code == 200
    for one in (pair.home, pair.residence):
        keys = one.runtime.exchange_keys
        use(one, ExchangeKeys(keys.signing[::-1], keys.encryption))
    second = await received(pair, BIRTH)
    for one in (pair.residence, pair.home):
        for message_id, number in ((first, 1), (second, 2)):
            bundle = (await evidence(await one.clerk(), message_id)).json()
            found = verify_bundle(bundle, anchor_of(pair))
            assert found.message.jws.header.kid == f"{RESIDENCE}-sig-{number}"
            assert {each.entry.kid for each in found.acknowledgements} == {f"{HOME}-sig-{number}"}
    sent, taken = [verified(pair, await exported(one)) for one in (pair.residence, pair.home)]
    assert compare_logs(sent, taken) == 2


@pytest.mark.parametrize("kind", ["trust_list", "description"])
async def test_a_partner_cannot_write_an_entry_of_trust_into_the_log(pair: Districts, kind: str) -> None:
    _, sealed = await sealed_by(pair, kind=kind)
    await pair.home.take(RESIDENCE, sealed)
    await received(pair, BIRTH)
    report = verified(pair, await exported(pair.home))
    assert list(report.pairs[RESIDENCE].received) == [1, 2]


async def test_large_logs_get_several_checkpoints_and_are_proved(
    pair: Districts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "LARGEST_CHECKPOINT", 2)
    first = await received(pair, BIRTH)
    for _ in range(3):
        await received(pair, BIRTH)
    report = verified(pair, await exported(pair.residence))
    assert report.checkpoint
    assert (report.checkpoint.content.number, report.checkpoint.content.last) == (5, 9)
    bundle = (await evidence(await pair.residence.clerk(), first)).json()
    verify_bundle(bundle, anchor_of(pair))
    with pytest.raises(ProofError) as caught:
        verify_bundle({**bundle, "trust_lists": []}, anchor_of(pair))
    assert caught.value.flaw is Flaw.TRUST_MISSING
