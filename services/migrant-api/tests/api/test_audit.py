"""Every reading and change of what is known here of a person leaves an entry, seen by the auditor and the person."""

from typing import Any

from renkou_common.audit.root import RootKeys
from renkou_common.audit.sealing import seal
from renkou_common.audit.verify import verify
from renkou_common.contracts.registry_privacy import FIRST_NOTICE_PURPOSES
from renkou_common.scope import AreaScope
from renkou_migrant.audit.captured import CAPTURED, HELD_FOR, NOT_CAPTURED
from renkou_migrant.audit.domain import LABELS, PURPOSES, What

from ..districts import Districts
from ..support import EVERYTHING, Json, Node
from .offices import Office, Staff
from .test_certificates import HOME_COMMUNITY, issue
from .test_notices import BIRTH, received
from .test_own_certificates import holder


async def entries(auditor: Staff, **wanted: Any) -> list[Json]:
    answer = await auditor.get("/audit/entries", limit=200, **wanted)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def sealed(office: Office) -> None:
    """Seal as the worker does, once every transaction begun so far has ended."""
    async with office.runtime.database.transaction(AreaScope.nothing()) as tx:
        await tx.execute("SELECT pg_advisory_xact_lock(hashtext('renkou.audit.sealing'))")
        await seal(tx)


async def test_issuing_reading_and_handing_out_a_certificate_is_in_the_log_with_who_and_why(
    home: Office, clerk: Staff
) -> None:
    person = await clerk.person(HOME_COMMUNITY)
    certificate = await issue(clerk, person)
    path = f"/certificates/{certificate['id']}"
    for each, query in (
        (path, {}),
        (f"{path}/presentation", {"groups": "person,id_number"}),
        (f"{path}/document.pdf", {}),
        ("/certificates", {}),
    ):
        assert (await clerk.get(each, **query)).status_code == 200
    auditor = await home.staff("auditor")
    found = await entries(auditor, person_id=person["id"])
    assert {"create certificate_application", "create certificate", "create certificate_step"} <= {
        f"{each['action']} {each['what']}" for each in found
    }
    assert all(each["purpose"] and each["actor_kind"] == "staff" for each in found)
    assert {each["what_label"] for each in found} <= set(LABELS.values())
    texts = await entries(auditor, person_id=person["id"], what="certificate_text")
    assert [(each["fields"], each["record_id"], each["actor_id"]) for each in texts] == [
        (["person"], certificate["id"], str(clerk.id)),
        (["person", "id_number"], certificate["id"], str(clerk.id)),
    ]
    assert person["resident_id"] not in str(found)
    (reading,) = await entries(
        auditor, person_id=person["id"], what="certificate_record", record_id=certificate["id"]
    )
    assert (reading["action"], reading["purpose"]) == ("read", "certificate")
    assert len(await entries(auditor, person_id=person["id"], what="certificate_record")) == 2
    for refused in ("/audit/entries", "/audit/roots"):
        assert (await clerk.get(refused)).status_code == 403
    searches = await entries(auditor, actor_id=str(auditor.id), action="search")
    assert len(searches) >= 4


async def test_the_person_sees_who_read_the_own_records_here_and_nobody_elses(
    home: Office, clerk: Staff
) -> None:
    person = await clerk.person(HOME_COMMUNITY)
    certificate = await issue(clerk, person)
    assert (await clerk.get(f"/certificates/{certificate['id']}")).status_code == 200
    assert (
        await clerk.get(f"/certificates/{certificate['id']}/presentation", groups="id_number")
    ).status_code == 200
    me = await holder(home, clerk, person)
    page = (await me.get("/me/readings", limit=1)).json()
    (last,) = page["items"]
    assert (last["what_label"], last["purpose"], last["reader_kind"]) == (
        *("婚育证明的内容: 身份证号", "certificate"),
        "staff",
    )
    assert last["reader"].startswith("staff")
    rest = (await me.get("/me/readings", after=page["next"])).json()["items"]
    assert "婚育证明" in {each["what_label"] for each in rest}
    other = await holder(home, clerk, await clerk.person(HOME_COMMUNITY))
    assert (await other.get("/me/readings")).json() == {"items": [], "next": None}
    assert (await clerk.get("/me/readings")).status_code == 403


async def test_the_log_is_taken_out_and_proved_with_its_public_key(home: Office, clerk: Staff) -> None:
    await issue(clerk)
    await sealed(home)
    auditor = await home.staff("auditor")
    answer = await auditor.post("/audit/exports", {"reason": "年度审计"})
    assert answer.status_code == 200, answer.text
    keys = RootKeys.of((await home.migrant.get("/.well-known/audit-keys.json")).json())
    report = verify(answer.content.splitlines(), keys)
    assert (report.log, bool(report.last)) == (f"{home.district}/migrant-api", True)
    (taken,) = await entries(auditor, actor_id=str(auditor.id), action="export")
    assert (taken["reason"], taken["purpose"]) == ("年度审计", "audit")


async def test_reading_a_notice_names_its_person_purpose_and_record(pair: Districts) -> None:
    message_id = await received(pair, BIRTH)
    clerk = await pair.home.clerk()
    assert (await clerk.get("/notices"))["items"]
    await clerk.get(f"/notices/{message_id}")
    auditor = await pair.home.clerk("auditor")
    found = (await auditor.get("/audit/entries", record_id=str(message_id)))["items"]
    assert {(each["action"], each["what"]) for each in found} >= {("read", "notice"), ("create", "message")}
    (reading,) = (each for each in found if each["action"] == "read")
    assert (reading["purpose"], reading["actor_id"]) == ("exchange_birth", str(clerk.id))
    assert "王一诺" not in str(found)


async def test_every_table_that_holds_people_is_captured_or_says_why_not(node: Node) -> None:
    async with node.runtime.database.transaction(EVERYTHING, read_only=True) as tx:
        floor = await tx.fetch(
            "SELECT relname FROM pg_class WHERE relrowsecurity AND relnamespace = 'public'::regnamespace"
        )
        triggers = await tx.fetch(
            "SELECT tgrelid::regclass::text AS name, count(*) AS events FROM pg_trigger"
            " WHERE tgname IN ('audit_insert', 'audit_update', 'audit_delete') AND tgenabled = 'O' GROUP BY 1"
        )
    assert {row["relname"] for row in floor} == CAPTURED.keys() | NOT_CAPTURED.keys()
    assert not CAPTURED.keys() & NOT_CAPTURED.keys()
    assert {row["name"]: row["events"] for row in triggers} == dict.fromkeys(CAPTURED, 3)


def test_everything_read_or_changed_serves_a_purpose() -> None:
    assert set(PURPOSES) == set(What) <= LABELS.keys()
    assert HELD_FOR.keys() == CAPTURED.keys() <= LABELS.keys()
    declared = {*FIRST_NOTICE_PURPOSES, "certificate", "statistics", "register_quality"}
    assert {*PURPOSES.values(), *HELD_FOR.values()} <= declared


async def test_the_log_is_of_the_whole_district_and_no_part_of_it_is_shown_to_who_audits_a_town(
    pair: Districts,
) -> None:
    town = await pair.home.clerk("auditor", "340103002")
    for method, path, body in (
        ("GET", "/audit/entries", None),
        ("GET", "/audit/roots", None),
        ("POST", "/audit/exports", {"reason": "年度审计"}),
    ):
        answer = await town.request(method, path, json=body)
        assert (answer.status_code, answer.json()["code"]) == (403, "auditor_area")
