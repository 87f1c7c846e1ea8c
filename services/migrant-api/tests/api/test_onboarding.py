"""Meeting a partner: signed descriptions, newer keys, the check by test messages."""

from dataclasses import replace
from uuid import uuid4

import httpx
import pytest
from joserfc.jwk import OKPKey

from renkou_migrant.credentials.jws import SigningKey
from renkou_migrant.exchange.wire import ExchangeKeys

from ..districts import Districts
from ..support import HOME, RESIDENCE, Clerk, Json, Node, trust_list


async def described(node: Node) -> Json:
    return dict(await (await node.clerk("administrator")).get("/exchange/description"))


async def take(taker: Clerk, token: str, fingerprint: str | None = None) -> httpx.Response:
    body = {"description": token, "fingerprint": fingerprint}
    return await taker.request("POST", "/partners/descriptions", json=body)


async def start_check(clerk: Clerk, partner: str) -> Json:
    answer = await clerk.request(
        "POST", f"/partners/{partner}/checks", headers={"Idempotency-Key": str(uuid4())}
    )
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def with_new_keys(node: Node) -> None:
    """Put fresh keys first, as its operator does, and keep the old ones."""
    keys, district = node.runtime.exchange_keys, node.district
    signing = SigningKey.generate(f"{district}-sig-2", "EdDSA")
    fresh = OKPKey.generate_key("X25519", {"kid": f"{district}-enc-2", "use": "enc"}, private=True)
    renewed = ExchangeKeys((*keys.signing, signing), {**keys.encryption, f"{district}-enc-2": fresh})
    use(node, renewed)


def use(node: Node, keys: ExchangeKeys) -> None:
    runtime = replace(node.runtime, exchange_keys=keys)
    node.runtime = node.receiver._runtime = node.sender._runtime = runtime
    node.app.state.runtime = runtime


async def test_a_description_says_what_a_partner_needs_and_nothing_secret(node: Node) -> None:
    own = await described(node)
    assert (own["district"], own["subject"], own["durable"]) == (RESIDENCE, "in.310115.*", "in-310115")
    assert own["kinds"]["arrival_notice"] == [1]
    assert {key["use"] for key in own["keys"]} == {"certificate", "exchange_signing", "exchange_encryption"}
    assert own["expired"] is False
    assert len(own["fingerprint"].split()) == 16
    assert '"d"' not in str(own)


async def test_a_description_signed_by_a_listed_key_is_believed(strangers: Districts) -> None:
    own = await described(strangers.home)
    clerk = await strangers.residence.clerk("administrator")
    answer = await take(clerk, own["signed"])
    assert (answer.status_code, answer.json()["trusted_by"]) == (200, "trust_list")
    assert (await take(clerk, own["signed"])).status_code == 200
    assert (await clerk.get(f"/partners/{HOME}/description"))["fingerprint"] == own["fingerprint"]


async def test_before_it_is_listed_a_partner_is_believed_by_its_fingerprint(
    node: Node, strangers: Districts
) -> None:
    own = await described(strangers.home)
    clerk = await node.clerk("administrator")
    asked = await take(clerk, own["signed"])
    assert (asked.status_code, asked.json()["code"]) == (409, "fingerprint_needed")
    assert own["fingerprint"] not in asked.text
    wrong = await take(clerk, own["signed"], "0000 " * 16)
    assert (wrong.status_code, wrong.json()["code"]) == (409, "fingerprint_differs")
    spoken = own["fingerprint"].upper().replace(" ", "")
    answer = await take(clerk, own["signed"], spoken)
    assert (answer.status_code, answer.json()["trusted_by"]) == (200, "fingerprint")


async def test_a_description_of_an_unlisted_key_is_refused_even_with_its_fingerprint(
    strangers: Districts,
) -> None:
    home = strangers.home
    use(
        home,
        ExchangeKeys((SigningKey.generate("340103-sig-1", "EdDSA"),), home.runtime.exchange_keys.encryption),
    )
    forged = await described(home)
    clerk = await strangers.residence.clerk("administrator")
    answer = await take(clerk, forged["signed"], forged["fingerprint"])
    assert (answer.status_code, answer.json()["code"]) == (409, "not_the_listed_key")


@pytest.mark.parametrize("change", ["own", "altered", "expired", "older"])
async def test_a_description_that_is_no_good_is_refused(strangers: Districts, change: str) -> None:
    home, residence = strangers.home, strangers.residence
    clerk = await residence.clerk("administrator")
    token = (await described(home))["signed"]
    if change == "own":
        answer = await take(clerk, (await described(residence))["signed"])
    elif change == "altered":
        answer = await take(clerk, token[:200] + ("A" if token[200] != "A" else "B") + token[201:])
    elif change == "expired":
        await strangers.pass_days(366)
        answer = await take(clerk, token)
    else:
        await strangers.pass_days(1)
        await take(clerk, (await described(home))["signed"])
        answer = await take(clerk, token)
        assert (answer.status_code, answer.json()["code"]) == (409, "description_older")
        return
    assert answer.status_code == 422, answer.text


async def test_newer_keys_come_by_a_description_and_go_with_the_key_that_brought_them(
    pair: Districts,
) -> None:
    home, residence = pair.home, pair.residence
    before = await residence.arrival_notice()
    with_new_keys(home)
    token = (await described(home))["signed"]
    assert (await take(await residence.clerk("administrator"), token)).json()["trusted_by"] == "trust_list"
    keys = home.runtime.exchange_keys
    use(
        home,
        ExchangeKeys(
            keys.signing[::-1], {kid: key for kid, key in keys.encryption.items() if "enc-2" in kid}
        ),
    )
    sealed = (await residence.sealed())[before]
    await home.take(residence, sealed)
    assert await home.state(before) == "read", "encrypted to the new key"
    await residence.take(home, *await home.receipts())
    assert await residence.state(before) == "read", "the receipt is signed by the new key"

    without = replace(home.runtime, exchange_keys=keys)
    listed = replace(
        without, exchange_keys=ExchangeKeys((SigningKey.generate("340103-sig-3", "EdDSA"),), keys.encryption)
    )
    await residence.accept(trust_list(pair.anchor, [listed, residence.runtime], 2))
    following = await home.service_notice(home_district=RESIDENCE, area=340103002003)
    await residence.take(home, (await home.sealed())[following])
    assert await residence.dead_letters() == ["unknown_key"]


async def test_a_partner_passes_the_check_by_what_comes_back_from_it(pair: Districts) -> None:
    residence = pair.residence
    clerk = await residence.clerk("administrator")
    started = await start_check(clerk, HOME)
    assert started["verdict"] == "waiting"
    await pair.hand_over()
    found = await clerk.get(f"/partners/{HOME}/checks/{started['id']}")
    assert {one["code"]: one["verdict"] for one in found["steps"]} == {
        "answered": "passed",
        "refused": "passed",
        "in_order": "passed",
        "kinds": "passed",
    }
    assert found["verdict"] == "passed"
    assert found["seconds"] >= 0
    listed = (await clerk.get(f"/partners/{HOME}/checks"))["items"]
    assert [one["id"] for one in listed] == [started["id"]]
    assert (await (await residence.clerk()).get("/notices"))["items"] == []
    assert await residence.counted() == {}


async def test_a_partner_that_does_not_answer_has_failed_after_a_day(pair: Districts) -> None:
    clerk = await pair.residence.clerk("administrator")
    started = await start_check(clerk, HOME)
    await pair.pass_days(2)
    found = await clerk.get(f"/partners/{HOME}/checks/{started['id']}")
    assert found["verdict"] == "failed"


async def test_only_listed_partners_are_checked(node: Node) -> None:
    clerk = await node.clerk("administrator")
    for district in ("440305", RESIDENCE):
        answer = await clerk.request(
            "POST", f"/partners/{district}/checks", headers={"Idempotency-Key": str(uuid4())}
        )
        assert answer.status_code == 404
    assert (await clerk.request("GET", f"/partners/{HOME}/description")).status_code == 404
