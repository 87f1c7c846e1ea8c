"""Two nodes of which one understands only the first version of messages, or not every kind."""

from datetime import timedelta
from uuid import UUID, uuid4

from renkou_common.scope import AreaScope
from renkou_local.nats import EmbeddedNats
from renkou_migrant.exchange.carried import Inquiry, RegistrationNotice
from renkou_migrant.exchange.contracts import VERSIONS, MessageKind
from renkou_migrant.exchange.wire import Envelope, seal
from renkou_migrant.partners.service import trust_list

from ..districts import Districts, OpenDistricts
from ..support import HOME, RESIDENCE, Json, drafted, subject

FIRST = {kind: frozenset({1}) for kind in MessageKind}
OLDER = {kind: versions for kind, versions in FIRST.items() if kind is not MessageKind.REGISTRATION_NOTICE}
INQUIRY = Inquiry.model_validate({"subject": subject(), "questions": ["registration"]})


async def shown(districts: Districts, message_id: UUID) -> Json:
    """What the sender's clerk sees of a message."""
    found: Json = await (await districts.residence.clerk()).get(f"/notices/{message_id}")
    return found


async def test_an_older_node_is_asked_and_answers_in_its_own_version(
    open_districts: OpenDistricts, hub: EmbeddedNats
) -> None:
    districts = await open_districts(hub, FIRST)
    await districts.agree()
    home, residence = districts.home, districts.residence
    await districts.start()
    message_id = drafted(await residence.raise_notice(INQUIRY))
    await residence.reaches(message_id, "read")
    (row,) = await home.rows("SELECT version FROM message WHERE id = $1", message_id)
    assert row["version"] == 1
    clerk = await home.clerk()
    notice = await clerk.get(f"/notices/{message_id}")
    answer = await clerk.act(f"/notices/{message_id}/answer", {"known": True}, version=notice["version"])
    assert answer.status_code == 200, answer.text
    await residence.reaches(message_id, "answered")
    assert (await shown(districts, message_id))["replies"][0]["content"]["known"] is True


async def test_two_new_nodes_use_the_newest_version(pair: Districts) -> None:
    message_id = drafted(await pair.residence.raise_notice(INQUIRY))
    await pair.hand_over()
    (row,) = await pair.home.rows("SELECT version FROM message WHERE id = $1", message_id)
    assert row["version"] == 2


async def test_what_an_older_node_cannot_be_told_is_not_sent_and_the_clerk_is_told_what_to_do(
    open_districts: OpenDistricts,
) -> None:
    districts = await open_districts(home_understands=FIRST)
    await districts.agree()
    urgent = INQUIRY.model_copy(update={"urgent": True})
    message_id = drafted(await districts.residence.raise_notice(urgent))
    plain = drafted(await districts.residence.raise_notice(INQUIRY))
    await districts.hand_over()
    assert await districts.home.state(message_id) is None
    assert await districts.home.state(plain) == "read"
    notice = await shown(districts, message_id)
    assert (notice["state"], notice["code"]) == ("dead", "partner_lacks_urgent")
    assert notice["explanation"]["do_zh"] == "改为普通协查重新发出, 并电话催办"
    assert notice["explanation"]["do_en"].startswith("Send it again as an ordinary inquiry")


async def test_a_version_that_a_node_does_not_understand_is_refused_by_a_signed_receipt(
    open_districts: OpenDistricts,
) -> None:
    districts = await open_districts(home_understands=FIRST)
    await districts.agree()
    await districts.trust_again(2, home_claims=VERSIONS)
    message_id = drafted(await districts.residence.raise_notice(INQUIRY))
    await districts.hand_over()
    assert await districts.home.state(message_id) == "dead: unsupported_version"
    notice = await shown(districts, message_id)
    assert (notice["state"], notice["code"]) == ("dead", "unsupported_version")
    assert "签名拒收" in notice["explanation"]["zh"]
    after = drafted(await districts.residence.arrival_notice())
    await districts.hand_over()
    assert await districts.residence.state(after) == "read"


async def test_a_kind_that_a_node_does_not_know_is_refused_or_not_even_sent(
    open_districts: OpenDistricts,
) -> None:
    districts = await open_districts(home_understands=OLDER)
    await districts.agree()
    notice = RegistrationNotice(subject=subject(), registered_on=districts.residence.runtime.clock.today())
    not_sent = drafted(await districts.residence.raise_notice(notice))
    await districts.hand_over()
    assert (await shown(districts, not_sent))["code"] == "partner_lacks_kind"
    await districts.trust_again(2, home_claims=VERSIONS)
    refused = drafted(await districts.residence.raise_notice(notice))
    await districts.hand_over()
    found = await shown(districts, refused)
    assert (found["state"], found["code"]) == ("dead", "unknown_kind")
    assert found["explanation"]["do_en"] == "Call the partner's office and tell it by other means"


async def test_an_unknown_kind_without_a_number_is_refused_as_well(pair: Districts) -> None:
    residence = pair.residence.runtime
    async with residence.database.transaction(AreaScope.everything()) as tx:
        trust = await trust_list(tx, residence)
    assert trust
    now = residence.clock.now()
    envelope = Envelope(
        id=uuid4(),
        kind="greeting",
        version=1,
        sender=RESIDENCE,
        receiver=HOME,
        pair_seq=0,
        thread=uuid4(),
        in_reply_to=None,
        created_at=now,
        expires_at=now + timedelta(days=1),
        agreement=None,
        payload={},
    )
    sealed = seal(envelope, residence.exchange_keys, trust.districts[HOME], now)
    await pair.home.take(RESIDENCE, sealed.data)
    assert await pair.home.dead_letters() == ["unknown_kind"]
    assert len(await pair.home.receipts()) == 1
    logged = await pair.home.rows("SELECT kind, outcome FROM message_log ORDER BY position")
    assert [(row["kind"], row["outcome"]) for row in logged[1:]] == [
        ("greeting", "unknown_kind"),
        ("receipt", "sealed"),
    ]
