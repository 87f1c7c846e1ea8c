"""What could not be taken in is explained, and can be taken in again once the reason is gone."""

from datetime import timedelta
from typing import Any

from ..districts import Districts
from ..support import Node
from .test_reception import RESIDENCE, sealed_by


async def letters(node: Node) -> list[dict[str, Any]]:
    """Dead letters as an administrator reads them."""
    return list((await (await node.clerk("administrator")).get("/exchange/dead-letters"))["items"])


async def test_a_dead_letter_says_why_in_both_languages(pair: Districts) -> None:
    _, sealed = await sealed_by(pair)
    await pair.home.take("440305", sealed)
    await pair.home.take(RESIDENCE, sealed[:300])
    cut, forged = await letters(pair.home)
    assert (forged["code"], cut["code"]) == ("wrong_sender", "undecryptable")
    for one in (cut, forged):
        assert all(one[name] for name in ("code_label", "code_label_en", "replayable"))


async def test_a_dead_letter_is_taken_in_again_once_and_who_asked_is_kept(pair: Districts) -> None:
    home = pair.home
    ahead = pair.residence.runtime.clock.now() + timedelta(days=2)
    message_id, sealed = await sealed_by(pair, created_at=ahead, expires_at=ahead + timedelta(days=9))
    await home.take(RESIDENCE, sealed)
    (letter,) = await letters(home)
    assert letter["code"] == "from_the_future"
    administrator = await home.clerk("administrator")
    path = f"/exchange/dead-letters/{letter['id']}/replay"
    again = (await administrator.request("POST", path)).json()
    assert (again["outcome"], again["replayable"]) == ("from_the_future", True)
    await pair.pass_days(2)
    for _ in range(2):
        taken = (await administrator.request("POST", path)).json()
        assert (taken["outcome"], taken["replayable"]) == ("taken", False)
        assert taken["replayed_by"] == str(administrator.id)
    assert await home.state(message_id) == "read"
    assert len(await home.rows("SELECT FROM message")) == 1


async def test_only_who_manages_partners_has_a_letter_taken_in_again(pair: Districts) -> None:
    await pair.home.take(RESIDENCE, b"x")
    (letter,) = await letters(pair.home)
    path = f"/exchange/dead-letters/{letter['id']}/replay"
    clerk = await pair.home.clerk("subdistrict_clerk")
    assert (await clerk.request("POST", path)).status_code == 403
    administrator = await pair.home.clerk("administrator")
    missing = path.replace(letter["id"], "0197a1f0-0000-7000-8000-000000000000")
    assert (await administrator.request("POST", missing)).status_code == 404


async def test_of_a_sender_of_very_much_rubbish_the_rest_is_only_counted(pair: Districts) -> None:
    rubbish = [b"rubbish %d" % number for number in range(2_010)]
    await pair.home.take("440305", *rubbish[:2_001])
    await pair.home.take("440305", *rubbish[2_001:])
    rows = await pair.home.rows("SELECT count(*), sum(times) FROM dead_letter")
    assert (rows[0]["count"], rows[0]["sum"]) == (2_002, 2_010)
    counted = (await letters(pair.home))[0]
    assert (counted["code"], counted["replayable"]) == ("too_many", False)
