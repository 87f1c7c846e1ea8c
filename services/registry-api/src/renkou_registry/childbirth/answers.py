"""From rows of registrations to answers and to the printed proof (登记凭证)."""

import asyncpg

from renkou_common.database import Transaction
from renkou_common.errors import Conflict
from renkou_common.printing.page import Row
from renkou_common.scope import AreaScope
from renkou_registry.childbirth.domain import ADDRESS_LABELS, STATE_LABELS, Address, State
from renkou_registry.childbirth.schemas import RegistrationOut
from renkou_registry.fields import area_code
from renkou_registry.proofs import printing
from renkou_registry.proofs.document import Proof
from renkou_registry.runtime import Runtime


def registration(row: asyncpg.Record) -> RegistrationOut:
    """Return the answer for one registration."""
    return RegistrationOut(
        id=row["id"],
        number=row["number"],
        person_id=row["person_id"],
        partner_id=row["partner_id"],
        partner_name=row["partner_name"],
        address=row["address"],
        address_label=ADDRESS_LABELS[Address(row["address"])][0],
        area=area_code(row["area"]),
        child_ordinal=row["child_ordinal"],
        state=row["state"],
        state_label=STATE_LABELS[State(row["state"])],
        registered_on=row["registered_on"],
        withdrawn_on=row["withdrawn_on"],
        child_ids=row["child_ids"],
        version=row["version"],
        recorded_at=row["recorded_at"],
    )


async def proof(runtime: Runtime, tx: Transaction, scope: AreaScope, row: asyncpg.Record) -> Proof:
    """Return the proof of a registration; raises Conflict for one that was withdrawn."""
    if row["state"] == State.WITHDRAWN:
        raise Conflict("withdrawn", "该登记已由本人撤回", "the person has withdrawn this registration")
    partner_id, children = row["partner_id"], row["child_ids"]
    named = await printing.people(
        runtime, tx, scope, [row["person_id"], *([partner_id] if partner_id else []), *children]
    )
    rows = [Row("登记人", "Registered by", named[row["person_id"]][1])]
    if partner_id or row["partner_name"]:
        rows.append(
            Row("对方", "Partner", named[partner_id][1] if partner_id in named else row["partner_name"])
        )
    if row["child_ordinal"]:
        rows.append(Row("孩次", "Which child", str(row["child_ordinal"])))
    for child in children:
        if child in named:
            person = named[child][0]
            rows.append(Row("子女", "Child", f"{person['name']}  {person['birth_date']}"))
    zh, en = ADDRESS_LABELS[Address(row["address"])]
    rows.append(Row("登记地址", "Recorded at", f"{zh} {en}"))
    rows.append(Row("所在社区", "Community", await printing.office_name(runtime, tx, row["area"])))
    return Proof(
        number=row["number"],
        title_zh="生育登记凭证",
        title_en="Proof of Childbirth Registration",
        small_print=(
            "生育登记是记录, 不是许可; 不论婚姻状况, 不限子女数量。",
            "A record, not a permission, whatever the marital status or the number of children.",
        ),
        rows=tuple(rows),
        notes=(
            (
                "登记人可以随时变更或撤回登记。",
                "The person may change or withdraw the registration at any time.",
            ),
        ),
        office=await printing.office_name(runtime, tx),
        dated=row["registered_on"],
        created=row["changed_at"],
    )
