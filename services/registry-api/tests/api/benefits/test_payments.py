"""Never twice: not under concurrency, not after a merge; a correction takes nothing back by itself."""

import asyncio
import csv
from datetime import date, timedelta
from io import StringIO
from uuid import UUID, uuid4

from renkou_common.scope import AreaScope
from renkou_registry.benefits import service as benefits
from renkou_registry.benefits.payments.jobs import accrue_once

from ...support import Json
from ..people.revising import carried_out
from .office import DISTRICT, SUBDISTRICT, Office, definition

EVERYWHERE = AreaScope.everything()
FOR_CHILDREN = {
    "conditions": {"all": [{"registered_here": {}}, {"children": {"at_least": 1, "under_age": 3}}]},
    "amount": {
        "unit": "child",
        "every": "age_year",
        "by_months": True,
        "counts_from": "start",
        "child_until_age": 3,
        "bands": [{"from": "2025-01-01", "yuan": "3600.00"}],
        "after_end": {"death": "month", "move": "month"},
    },
}


async def in_payment(office: Office, number: int = 1) -> tuple[Json, list[Json], list[Json]]:
    """A scheme with people and their cases in payment: 800.00 each for 2026."""
    scheme = await office.scheme()
    people = [await office.entitled() for _ in range(number)]
    cases = [await office.apply(scheme, person) for person in people]
    await office.start(scheme, *cases)
    return scheme, people, cases


async def test_two_batches_drafted_at_once_share_the_lines_and_nobody_is_in_both(office: Office) -> None:
    scheme, _, cases = await in_payment(office, 5)
    answers = await asyncio.gather(*(office.draft(scheme) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    [batch] = [answer.json() for answer in answers if answer.status_code == 201]
    assert {line["enrolment_id"] for line in await office.lines(batch)} == {case["id"] for case in cases}
    assert len(await office.lines(batch)) == 5


async def test_the_database_itself_refuses_a_second_line_for_a_period(office: Office) -> None:
    scheme, _, _ = await in_payment(office)
    batch = (await office.draft(scheme)).json()
    async with office.registry.runtime.database.transaction(EVERYWHERE) as tx:
        copied = await tx.execute(
            "INSERT INTO benefit_line (id, batch_id, due_id, enrolment_id, scheme_id, subject_id, period,"
            " part, amount, area, state, holds) SELECT gen_random_uuid(), batch_id, due_id, enrolment_id,"
            " scheme_id, subject_id, period, part, amount, area, state, holds FROM benefit_line"
            " WHERE batch_id = $1"
            " ON CONFLICT DO NOTHING",
            UUID(batch["id"]),
        )
    assert copied == "INSERT 0 0"


async def test_a_failed_line_goes_to_the_next_batch_and_a_paid_one_does_not(office: Office) -> None:
    scheme, _, cases = await in_payment(office, 2)
    batch, rows = await office.exported(scheme)
    failed = rows[0]["行号"]
    settled = await office.settle(batch, rows, [failed])
    assert (settled.json()["paid_count"], settled.json()["failed_count"]) == (1, 1)
    assert (await office.figures(scheme))["benefit_paid_fen"] == 80_000
    [again] = await office.lines((await office.draft(scheme)).json())
    first = {line["id"]: line for line in await office.lines(batch)}
    assert (again["enrolment_id"], again["part"]) == (first[failed]["enrolment_id"], 0)
    assert first[failed]["failure"] == "账号有误"
    assert {line["enrolment_id"] for line in first.values()} == {case["id"] for case in cases}


async def test_results_are_taken_once_and_only_whole(office: Office) -> None:
    scheme, _, _ = await in_payment(office, 2)
    batch, rows = await office.exported(scheme)
    one, two = (row["行号"] for row in rows)
    head = "行号,金额(元),结果,原因\n"
    for text, total, pointer in (
        (f"{one},800.00,成功,\n", "800.00", "/rows"),
        (f"{one},800.00,成功,\n{one},800.00,成功,\n{two},800.00,成功,\n", "2400.00", "/rows/3/行号"),
        (f"{one},799.99,成功,\n{two},800.00,成功,\n", "1599.99", "/rows/2/金额(元)"),
        (f"{one},800.00,成功,\n{two},800.00,失败,户名不符\n", "1600.00", "/query/paid_total"),
        (f"{one},800.00,成功,\n{two},800.00,失败,\n", "800.00", "/rows/3/原因"),
        (f"{one},800.00,也许,\n{two},800.00,成功,\n", "800.00", "/rows/2/结果"),
        (f"{batch['id']},800.00,成功,\n{one},800.00,成功,\n{two},800.00,成功,\n", "2400.00", "/rows/2/行号"),
    ):
        refused = await office.results(batch, head + text, total)
        assert refused.status_code == 422, text
        assert pointer in [each["pointer"] for each in refused.json()["errors"]]
    right = head + f"{one},800.00,成功,\n{two},800.00,失败,户名不符\n"
    first = await office.results(batch, right, "800.00")
    again = await office.results(batch, right, "800.00")
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()
    other = await office.results(batch, head + f"{one},800.00,成功,\n{two},800.00,成功,\n", "1600.00")
    assert (other.status_code, other.json()["code"]) == (409, "wrong_state")


async def test_the_banks_file_may_be_gb_18030_and_an_amount_that_is_none_is_named_by_row(
    office: Office,
) -> None:
    scheme, _, _ = await in_payment(office, 1)
    batch, (row,) = await office.exported(scheme)
    head = "行号,金额(元),结果,原因\n"
    for amount in ("sNaN", "NaN", "1e999999", "8e2", "八百", ""):
        refused = await office.results(batch, f"{head}{row['行号']},{amount},成功,\n", "800.00")
        assert [(each["pointer"], each["code"]) for each in refused.json()["errors"]] == [
            ("/rows/2/金额(元)", "amount")
        ]
    text = f"{head}{row['行号']},800.00,失败,账号与户名𠮷不符\n"
    taken = await office.results(batch, text, "0.00", encoding="gb18030")
    assert (taken.status_code, taken.json()["state"]) == (200, "settled"), taken.text


async def test_a_death_ends_a_case_and_what_was_paid_beyond_it_waits_for_a_decision(office: Office) -> None:
    scheme, [person], [case] = await in_payment(office)
    await office.paid(scheme)
    await office.people.record("deaths", person_id=person["id"], happened_on="2026-03-05")
    read = (await office.worker.get(f"/benefit-enrolments/{case['id']}")).json()
    assert (read["state"], read["end_cause"], read["ended_on"]) == ("ended", "death", "2026-03-05")
    [due] = await office.dues(case)
    assert (due["amount"], due["paid"]) == ("80.00", "800.00")
    [over] = [each for each in await office.overpayments() if each["enrolment_id"] == case["id"]]
    assert over["amount"] == "720.00"
    decided = await office.approver.post(
        f"/benefit-overpayments/{over['id']}/decision",
        headers={"If-Match": f'"{over["version"]}"'},
        json={"decision": "kept", "note": "不追回"},
    )
    assert decided.json()["state"] == "kept"
    assert case["id"] not in [each["enrolment_id"] for each in await office.overpayments()]
    assert (await office.draft(scheme)).json()["code"] == "nothing_due"


async def test_a_death_that_never_happened_gives_the_case_back(office: Office) -> None:
    scheme, [person], [case] = await in_payment(office)
    await office.paid(scheme)
    event = await office.people.record("deaths", person_id=person["id"], happened_on="2026-03-05")
    await carried_out(office.worker, office.clerk, event_id=event["id"], retract=True, reason="登记错人")
    read = (await office.worker.get(f"/benefit-enrolments/{case['id']}")).json()
    assert (read["state"], read["end_cause"]) == ("active", None)
    assert case["id"] not in [each["enrolment_id"] for each in await office.overpayments()]
    assert (await office.dues(case))[0]["amount"] == "800.00"


async def test_a_death_takes_the_line_out_of_a_batch_that_was_not_sent(office: Office) -> None:
    scheme, [person, _], cases = await in_payment(office, 2)
    batch = (await office.draft(scheme)).json()
    assert batch["total"] == "1600.00"
    await office.people.record("deaths", person_id=person["id"], happened_on="2026-03-05")
    read = (await office.payer.get(f"/benefit-batches/{batch['id']}")).json()
    assert (read["line_count"], read["total"]) == (1, "800.00")
    await office.batch_step(office.payer, batch, "cancellation")
    lines = await office.lines((await office.draft(scheme)).json())
    assert sorted(line["amount"] for line in lines) == ["80.00", "800.00"]
    assert {line["enrolment_id"] for line in lines} == {case["id"] for case in cases}


async def test_a_move_out_of_the_district_stops_payment_with_its_month(office: Office) -> None:
    _, [person], [case] = await in_payment(office)
    office.set_today(date(2026, 6, 20))
    await office.people.record(
        "moves",
        person_id=person["id"],
        happened_on="2026-06-15",
        to_area="310115005001",
        transfer_registration=True,
    )
    read = (await office.worker.get(f"/benefit-enrolments/{case['id']}")).json()
    assert (read["state"], read["end_cause"]) == ("ended", "move")
    assert (await office.dues(case))[0]["amount"] == "320.00"


async def test_a_corrected_birth_date_is_worked_out_anew_and_nothing_is_collected(office: Office) -> None:
    scheme, [person], [case] = await in_payment(office)
    await office.paid(scheme)
    opening = (await office.clerk.get(f"/persons/{person['id']}/events")).json()["items"][0]
    await carried_out(
        office.worker,
        office.clerk,
        event_id=opening["id"],
        changes={"birth_date": "1968-05-05"},
        reason="出生日期录错",
    )
    assert (await office.dues(case))[0]["amount"] == "0.00"
    [over] = [each for each in await office.overpayments() if each["enrolment_id"] == case["id"]]
    assert (over["amount"], over["state"]) == ("800.00", "open")
    assert await office.figures(scheme) == {"benefit_paid_fen": 80_000}


async def test_an_entry_that_was_taken_back_ends_the_case_and_reverses_what_was_due(office: Office) -> None:
    scheme, [person], [case] = await in_payment(office)
    opening = (await office.clerk.get(f"/persons/{person['id']}/events")).json()["items"][0]
    assert (await office.figures(scheme))["benefit_due"] == 1
    await carried_out(office.worker, office.clerk, event_id=opening["id"], retract=True, reason="重复建档")
    assert await office.figures(scheme) == {}
    async with office.registry.runtime.database.transaction(EVERYWHERE, read_only=True) as tx:
        row = await tx.fetchrow(
            "SELECT state, end_cause FROM benefit_enrolment WHERE id = $1", UUID(case["id"])
        )
    assert row is not None
    assert tuple(row) == ("ended", "retracted")
    assert (await office.draft(scheme)).json()["code"] == "nothing_due"


async def test_a_raised_rate_is_paid_as_a_second_part_of_the_period(office: Office) -> None:
    scheme, _, [case] = await in_payment(office)
    await office.paid(scheme)
    body = {
        "name_zh": "奖励扶助",
        "name_en": "Reward",
        "legal_basis": "提标文件",
        "valid_from": "2026-07-01",
        "definition": definition(bands=[{"from": "2026-07-01", "yuan": "1200.00"}]),
    }
    proposed = await office.manager.post(f"/benefit-schemes/{scheme['id']}/versions", json=body)
    await office.activate(proposed.json())
    office.set_today(date(2026, 7, 2))
    [line] = await office.lines((await office.draft(scheme)).json())
    assert (line["part"], line["amount"], line["period"]) == (1, "120.00", "2026")
    assert [(due["amount"], due["paid"]) for due in await office.dues(case)] == [("920.00", "800.00")]


async def test_a_child_is_paid_for_once_whichever_parent_applies(office: Office) -> None:
    scheme = await office.scheme(FOR_CHILDREN)
    mother = await office.people.enter(birth_date="1995-04-04")
    father = await office.people.enter(birth_date="1994-04-04", sex=1)
    await office.people.record(
        "births",
        mother_id=mother["id"],
        father_id=father["id"],
        happened_on="2025-05-10",
        child={"name": "王一诺", "sex": 2},
    )
    cases = [await office.apply(scheme, parent) for parent in (mother, father)]
    await office.start(scheme, *cases)
    dues = [due for case in cases for due in await office.dues(case)]
    assert [(due["period"], due["amount"]) for due in dues] == [("L1", "3600.00")]
    lines = await office.lines((await office.draft(scheme)).json())
    assert [(line["period"], line["amount"]) for line in lines] == [("L1", "3600.00")]


async def test_merged_records_are_not_paid_twice_and_can_be_parted_again(office: Office) -> None:
    scheme, [kept, merged], cases = await in_payment(office, 2)
    await office.paid(scheme)
    runtime, ids = office.registry.runtime, [UUID(each["id"]) for each in (kept, merged)]
    async with runtime.database.transaction(EVERYWHERE) as tx:
        await benefits.merge_persons(runtime, tx, EVERYWHERE, *ids)
    over = [each for each in await office.overpayments() if each["enrolment_id"] == cases[1]["id"]]
    assert [each["amount"] for each in over] == ["800.00"]
    assert (await office.draft(scheme)).json()["code"] == "nothing_due"
    assert (await office.worker.get(f"/benefit-enrolments/{cases[1]['id']}")).json()["person_id"] == kept[
        "id"
    ]
    async with runtime.database.transaction(EVERYWHERE) as tx:
        await benefits.unmerge_persons(runtime, tx, EVERYWHERE, *ids)
    read = (await office.worker.get(f"/benefit-enrolments/{cases[1]['id']}")).json()
    assert read["person_id"] == merged["id"]
    assert not [each for each in await office.overpayments() if each["enrolment_id"] == cases[1]["id"]]


async def test_records_merged_while_one_was_paid_leave_nothing_to_pay_for_the_other(office: Office) -> None:
    scheme = await office.scheme()
    kept, merged = await office.entitled(), await office.entitled()
    first = await office.apply(scheme, merged)
    await office.start(scheme, first)
    await office.paid(scheme)
    office.set_today(date(2026, 3, 12))
    second = await office.apply(scheme, kept)
    await office.start(scheme, second)
    runtime = office.registry.runtime
    async with runtime.database.transaction(EVERYWHERE) as tx:
        await benefits.merge_persons(runtime, tx, EVERYWHERE, UUID(kept["id"]), UUID(merged["id"]))
    assert (await office.draft(scheme)).json()["code"] == "nothing_due"
    assert await office.figures(scheme) == {
        "benefit_due": 1,
        "benefit_due_fen": 80_000,
        "benefit_paid": 1,
        "benefit_paid_fen": 80_000,
    }


async def test_a_merge_and_a_draft_at_once_leave_one_payment(office: Office) -> None:
    scheme, [kept, merged], _ = await in_payment(office, 2)
    runtime = office.registry.runtime

    async def merge() -> None:
        async with runtime.database.transaction(EVERYWHERE) as tx:
            await benefits.merge_persons(runtime, tx, EVERYWHERE, UUID(kept["id"]), UUID(merged["id"]))

    answer, _ = await asyncio.gather(office.draft(scheme), merge())
    batch = answer.json()
    standing = [line for line in await office.lines(batch) if line["state"] == "open"]
    assert [(line["subject_id"], line["amount"]) for line in standing] == [(kept["id"], "800.00")]


async def test_what_becomes_due_is_written_down_without_any_batch(office: Office) -> None:
    scheme, _, [case] = await in_payment(office)
    office.set_today(date(2027, 1, 1))
    assert await accrue_once(office.registry.runtime) >= 1
    assert [due["period"] for due in await office.dues(case)] == ["2026", "2027"]
    assert (await office.figures(scheme))["benefit_due_fen"] == 80_000 + 96_000


async def test_the_floor_shows_no_case_due_or_line_of_another_area(office: Office) -> None:
    scheme, _, _ = await in_payment(office)
    await office.paid(scheme)
    elsewhere = AreaScope.of([(340103_002000, 340103_002999)])
    tables = ("benefit_enrolment", "benefit_step", "benefit_notice_entry", "benefit_due", "benefit_line")
    for scope, visible in ((elsewhere, False), (AreaScope.nothing(), False), (EVERYWHERE, True)):
        async with office.registry.runtime.database.transaction(scope, read_only=True) as tx:
            for table in tables:
                assert bool(await tx.fetchval(f"SELECT count(*) FROM {table}")) is visible, (table, scope)


async def test_accounts_and_what_was_declared_lie_sealed_in_the_database(office: Office) -> None:
    _, _, [case] = await in_payment(office)
    async with office.registry.runtime.database.transaction(EVERYWHERE, read_only=True) as tx:
        row = await tx.fetchrow("SELECT * FROM benefit_enrolment WHERE id = $1", UUID(case["id"]))
    assert row is not None
    assert b"6217000012345678901" not in row["account_sealed"]
    assert "6217000012345678901" not in str(dict(row))


async def test_a_death_and_an_export_at_once_agree_on_what_was_sent(office: Office) -> None:
    scheme, [person, _], _ = await in_payment(office, 2)
    batch = (await office.draft(scheme)).json()
    await office.batch_step(office.approver, batch, "approval")
    exported, _ = await asyncio.gather(
        office.batch_step(office.payer, batch, "export?format=csv"),
        office.people.record("deaths", person_id=person["id"], happened_on="2026-03-05"),
    )
    rows = list(csv.DictReader(StringIO(exported.content.decode("utf-8-sig"))))
    sent = {line["id"] for line in await office.lines(batch) if line["state"] == "sent"}
    assert {row["行号"] for row in rows} == sent
    assert (await office.settle(batch, rows)).status_code == 200


async def test_events_carry_figures_and_nothing_personal(office: Office) -> None:
    scheme, _, [case] = await in_payment(office)
    batch = await office.paid(scheme)
    for event in await office.events("registry.enrolment.changed.v1"):
        assert set(event.data) == {
            "person_ref",
            "enrolment_id",
            "scheme",
            "state",
            "area",
            "changed_on",
            "lines",
        }
    steps = [
        event.data["state"]
        for event in await office.events("registry.benefit-batch.changed.v1")
        if event.data["batch_id"] == batch["id"]
    ]
    assert steps == ["draft", "approved", "exported", "settled", "closed"]
    assert (await office.dues(case))[0]["paid"] == "800.00"


async def test_arrears_of_a_year_before_are_in_the_batch_of_this_one(office: Office) -> None:
    scheme, _, _ = await in_payment(office)
    office.set_today(date(2026, 3, 10) + timedelta(days=365))
    lines = await office.lines((await office.draft(scheme, "2027")).json())
    assert sorted((line["period"], line["amount"]) for line in lines) == [
        ("2026", "800.00"),
        ("2027", "960.00"),
    ]
    listed = await office.payer.get("/benefit-batches", params={"area": DISTRICT, "scheme_id": scheme["id"]})
    assert [each["period"] for each in listed.json()["items"]] == ["2027"]
    empty = await office.draft(scheme, "2028", area=SUBDISTRICT)
    assert (empty.status_code, empty.json()["errors"][0]["pointer"]) == (422, "/period")


async def test_a_lost_file_is_taken_out_again_as_the_same_bytes_until_the_results_are_read(
    office: Office,
) -> None:
    scheme, people, _ = await in_payment(office, 2)
    batch = (await office.draft(scheme)).json()
    lost = {"reason": "U 盘损坏"}
    path = f"/benefit-batches/{batch['id']}/export-copies"
    early = await office.payer.post(path, json=lost)
    assert (early.status_code, early.json()["code"]) == (409, "wrong_state")
    await office.batch_step(office.approver, batch, "approval")
    first = await office.batch_step(office.payer, batch, "export?format=xlsx")
    assert first.status_code == 200, first.text
    before = (await office.payer.get(f"/benefit-batches/{batch['id']}")).json()
    key = {"Idempotency-Key": str(uuid4())}
    again = await office.payer.post(path, headers=key, json=lost)
    repeated = await office.payer.post(path, headers=key, json=lost)
    assert again.content == first.content == repeated.content
    assert again.headers["X-Checksum-Sha256"] == first.headers["X-Checksum-Sha256"]
    after = (await office.payer.get(f"/benefit-batches/{batch['id']}")).json()
    assert [each["reason"] for each in after["export_copies"]] == ["U 盘损坏"]
    assert after | {"export_copies": []} == before
    async with office.registry.runtime.database.transaction(EVERYWHERE, read_only=True) as tx:
        logged = await tx.fetch(
            "SELECT person_ids[1] AS person_id, fields FROM audit_entry WHERE purpose = 'benefit_payment'"
            " AND person_ids && $1",
            [UUID(person["id"]) for person in people],
        )
    assert sorted(str(row["person_id"]) for row in logged) == sorted(person["id"] for person in people * 3)
    assert {tuple(row["fields"]) for row in logged} == {("account",)}
    refused = await office.worker.post(path, json=lost)
    assert refused.status_code == 403
    rows = [{"行号": line["id"], "金额(元)": line["amount"]} for line in await office.lines(batch)]
    assert (await office.settle(batch, rows)).status_code == 200
    late = await office.payer.post(path, json=lost)
    assert (late.status_code, late.json()["code"]) == (409, "wrong_state")
