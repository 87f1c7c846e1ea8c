"""What a person reads about other districts: what they may be told, and what they were told."""

from .offices import Office, Staff
from .test_arrivals import arrival
from .test_own_certificates import holder


async def test_a_person_reads_what_the_home_district_may_be_told_and_was_told(
    residence: Office, host: Staff
) -> None:
    body = arrival(residence.runtime.clock.today())
    made = await host.made("/arrivals", body)
    me = await holder(residence, host, {"id": made["person_id"]})
    agreed = (await me.get("/me/exchange/agreed")).json()["items"]
    first = next(one for one in agreed if one["kind"] == "arrival_notice")
    assert (first["receiver"], first["about_you"], first["suspended"]) == ("340103", True, False)
    assert "上海市浦东新区可向" in first["zh"]
    assert "目的" in first["zh"]
    assert "Purpose" in first["en"]
    (told,) = (await me.get("/me/exchange/told")).json()["items"]
    assert (told["receiver"], told["kind"], told["sent_at"]) == ("340103", "arrival_notice", None)
    assert told["told_zh"].startswith("姓名、公民身份号码、户籍地")
    assert told["content"]["subject"]["resident_id"] == body["person"]["resident_id"]


async def test_nobody_reads_what_was_told_about_somebody_else(residence: Office, host: Staff) -> None:
    today = residence.runtime.clock.today()
    await host.made("/arrivals", arrival(today))
    other = await host.made("/arrivals", arrival(today))
    me = await holder(residence, host, {"id": other["person_id"]})
    assert len((await me.get("/me/exchange/told")).json()["items"]) == 1
    for path in ("/me/exchange/agreed", "/me/exchange/told"):
        assert (await host.get(path)).status_code == 403
