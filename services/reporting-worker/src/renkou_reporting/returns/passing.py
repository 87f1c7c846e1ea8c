"""How a return passes: handed in, checked, signed, sent back, withdrawn, corrected.

Its counts enter the figures when it is signed, and leave them by an exact reversal: when it is withdrawn, or when
the return that corrects it is signed. Each step wants the version that its caller saw.
"""

from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.clock import Clock
from renkou_common.codes.period import Period
from renkou_common.database import Transaction
from renkou_common.errors import InvalidInput
from renkou_common.http.conditions import check_version
from renkou_common.identity.principal import Access
from renkou_common.ids import new_id
from renkou_reporting.facts.service import add_facts, add_origins
from renkou_reporting.forms import service as forms
from renkou_reporting.forms.domain import Form
from renkou_reporting.forms.errors import SamePerson
from renkou_reporting.returns import repository
from renkou_reporting.returns.domain import (
    FEED,
    OPEN_STATES,
    Entering,
    State,
    Step,
    facts_of_entry,
    is_third_person,
)
from renkou_reporting.returns.errors import ReturnExists
from renkou_reporting.returns.examining import Examined
from renkou_reporting.returns.repository import NewReturn
from renkou_reporting.returns.service import allow, examined_of, find, open_draft
from renkou_reporting.texts import free_of_numbers


async def hand_in(tx: Transaction, access: Access, clock: Clock, return_id: UUID, expected: int) -> None:
    """Hand a draft in to be checked; raises InvalidInput for what is wrong or unexplained, or before its time."""
    row, form = await _locked(tx, access, return_id, expected, Step.FILLED)
    counted_on = form.definition.counted_on(Period.parse(row["period"]))
    if not form.definition.open_lines and counted_on > clock.today():
        raise InvalidInput.field(
            "/period",
            "period_not_over",
            f"{counted_on} 起方可上报",
            f"the return can be handed in from {counted_on} on",
        )
    await _good(tx, row, form)
    now = clock.now()
    await repository.mark_filled(tx, return_id, access.subject, now)
    await repository.append_step(tx, return_id, Step.FILLED, row["revision"], access.subject, now)


async def check(tx: Transaction, access: Access, clock: Clock, return_id: UUID, expected: int) -> None:
    """Confirm what was handed in; somebody else than who filled it in."""
    row, form = await _locked(tx, access, return_id, expected, Step.CHECKED)
    await _third_person(tx, access, row, form, Step.CHECKED)
    await _good(tx, row, form)
    now = clock.now()
    await repository.mark_checked(tx, return_id, access.subject, now)
    await repository.append_step(tx, return_id, Step.CHECKED, row["revision"], access.subject, now)


async def sign(tx: Transaction, access: Access, clock: Clock, return_id: UUID, expected: int) -> None:
    """Sign a checked return: its counts enter the figures, those of the return that it corrects leave them."""
    row, form = await _locked(tx, access, return_id, expected, Step.SIGNED)
    await _third_person(tx, access, row, form, Step.SIGNED)
    examined = await _good(tx, row, form)
    now = clock.now()
    if row["replaces"] is not None:
        corrected = await find(tx, access.areas, row["replaces"], lock=True)
        if corrected["state"] == State.SIGNED:
            await _enter(tx, clock, corrected["id"], -1, Entering.CORRECTED)
            await repository.mark_corrected(tx, corrected["id"])
            await repository.append_step(
                tx,
                corrected["id"],
                Step.CORRECTED,
                corrected["revision"],
                access.subject,
                now,
                str(return_id),
            )
    await repository.insert_counts(tx, return_id, examined.counts)
    await repository.mark_signed(tx, return_id, access.subject, now)
    await repository.append_step(tx, return_id, Step.SIGNED, row["revision"], access.subject, now)
    entering = Entering.SIGNED if row["replaces"] is None else Entering.CORRECTED
    await _enter(tx, clock, return_id, 1, entering)


async def send_back(
    tx: Transaction, access: Access, clock: Clock, return_id: UUID, expected: int, reason: str
) -> None:
    """Send a return that waits back to those who filled it in."""
    free_of_numbers(reason)
    row, _ = await _locked(tx, access, return_id, expected, Step.SENT_BACK)
    await repository.mark_sent_back(tx, return_id)
    await repository.append_step(
        tx, return_id, Step.SENT_BACK, row["revision"], access.subject, clock.now(), reason
    )


async def withdraw(
    tx: Transaction, access: Access, clock: Clock, return_id: UUID, expected: int, reason: str
) -> None:
    """Withdraw a return; a signed one's counts leave the figures."""
    free_of_numbers(reason)
    row, _ = await _locked(tx, access, return_id, expected, Step.WITHDRAWN)
    now = clock.now()
    await repository.mark_withdrawn(tx, return_id, access.subject, now, reason)
    await repository.append_step(tx, return_id, Step.WITHDRAWN, row["revision"], access.subject, now, reason)
    if row["state"] == State.SIGNED:
        await _enter(tx, clock, return_id, -1, Entering.WITHDRAWN)


async def correct(tx: Transaction, access: Access, clock: Clock, return_id: UUID, reason: str) -> UUID:
    """Begin the return that corrects a signed one, with its values; the old one counts until the new is signed."""
    free_of_numbers(reason)
    row = await find(tx, access.areas, return_id, lock=True)
    allow(row, Step.CORRECTED)
    place = (row["form"], row["period"], row["area"], row["reporter"], row["occurrence"])
    await repository.lock_place(tx, *place)
    if existing := await repository.find_at(tx, *place, OPEN_STATES):
        raise ReturnExists(existing["id"], State(existing["state"]))
    form = await forms.form(tx, row["form"], row["form_version"])
    content = plain(await repository.content(tx, return_id, row["revision"]))
    head = NewReturn(
        new_id(),
        row["form"],
        row["form_version"],
        row["area"],
        row["reporter"],
        row["occurrence"],
        row["period"],
        row["first_month"],
        row["last_month"],
        row["title"],
        row["source"],
        return_id,
        access.subject,
        clock.now(),
        row["handed_in_at"],
    )
    await open_draft(tx, clock, head, form, content, "correction", Step.BEGUN, reason)
    return head.id


def plain(content: dict[str, Any]) -> dict[str, Any]:
    """Return a kept content as it was given: explanations as text."""
    explanations = {rule: told["text"] for rule, told in content["explanations"].items()}
    return content | {"explanations": explanations}


async def _locked(
    tx: Transaction, access: Access, return_id: UUID, expected: int, step: Step
) -> tuple[asyncpg.Record, Form]:
    row = await find(tx, access.areas, return_id, lock=True)
    allow(row, step)
    check_version(expected, row["version"])
    return row, await forms.form(tx, row["form"], row["form_version"])


async def _good(tx: Transaction, row: asyncpg.Record, form: Form) -> Examined:
    """Return what a return counts; raises InvalidInput with everything that is wrong or unexplained."""
    examined = await examined_of(tx, row, form, await repository.content(tx, row["id"], row["revision"]))
    refusing = {error: None for one in examined.found if one.refuses for error in [one.as_error()]}
    if refusing:
        raise InvalidInput.fields(list(refusing))
    return examined


async def _third_person(tx: Transaction, access: Access, row: asyncpg.Record, form: Form, step: Step) -> None:
    fillers = await repository.fillers(tx, row["id"])
    people = form.definition.people
    if is_third_person(step, access.subject, fillers, row["checked_by"], people):
        return
    if step is Step.CHECKED or people == 2:
        raise SamePerson("填表人不得审核或签发本表", "Who filled a return in neither checks nor signs it")
    raise SamePerson("填表人和审核人不得签发本表", "Who filled a return in or checked it does not sign it")


async def _enter(tx: Transaction, clock: Clock, return_id: UUID, sign: int, entering: Entering) -> None:
    entry = await repository.append_entry(tx, return_id, new_id(), sign)
    await add_facts(tx, facts_of_entry(entry, await repository.counts(tx, return_id)))
    await add_origins(tx, [(FEED, entry.seq, entering, clock.now())])
