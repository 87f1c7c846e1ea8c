"""From rows of honour certificates to answers and to the printed certificate."""

import asyncpg

from renkou_common.codes.maternal import HONOUR_ENDINGS, HONOUR_KINDS
from renkou_common.database import Transaction
from renkou_common.errors import Conflict
from renkou_common.printing.page import Row
from renkou_common.scope import AreaScope
from renkou_registry.fields import area_code
from renkou_registry.honour.domain import KIND_LABELS, STATE_LABELS, Kind, State
from renkou_registry.honour.schemas import CertificateOut
from renkou_registry.proofs import printing
from renkou_registry.proofs.document import Proof
from renkou_registry.runtime import Runtime


def certificate(row: asyncpg.Record) -> CertificateOut:
    """Return the answer for one certificate."""
    return CertificateOut(
        id=row["id"],
        number=row["number"],
        kind=row["kind"],
        kind_label=KIND_LABELS[Kind(row["kind"])],
        state=row["state"],
        state_label=STATE_LABELS[State(row["state"])],
        first_holder_id=row["first_holder_id"],
        second_holder_id=row["second_holder_id"],
        child_id=row["child_id"],
        area=area_code(row["area"]),
        issued_on=row["issued_on"],
        replaces=row["replaces"],
        ended_on=row["ended_on"],
        end_reason=row["cancel_reason"],
        end_reason_label=HONOUR_ENDINGS.entry(row["cancel_reason"]).zh if row["cancel_reason"] else None,
        version=row["version"],
        recorded_at=row["recorded_at"],
    )


async def proof(runtime: Runtime, tx: Transaction, scope: AreaScope, row: asyncpg.Record) -> Proof:
    """Return the page of a certificate that stands; raises Conflict for one that does not."""
    if row["state"] != State.VALID:
        label = STATE_LABELS[State(row["state"])]
        raise Conflict("not_valid", f"该证{label}", f"the certificate is {row['state']}")
    ids = [each for each in (row["first_holder_id"], row["second_holder_id"]) if each]
    named = await printing.people(runtime, tx, scope, [*ids, row["child_id"]])
    child = named[row["child_id"]][0]
    rows = [Row("持证人", "Holder", named[each][1]) for each in ids]
    rows.append(Row("子女", "Child", f"{child['name']}  {child['birth_date']}"))
    kind = Kind(row["kind"])
    rows.append(Row("类别", "Kind", f"{KIND_LABELS[kind]} {HONOUR_KINDS.entry(kind).en}"))
    rows.append(Row("所在社区", "Community", await printing.office_name(runtime, tx, row["area"])))
    return Proof(
        number=row["number"],
        title_zh="独生子女父母光荣证",
        title_en="Honour Certificate of Only-Child Parents",
        small_print=(
            "仅限 2016 年 1 月 1 日之前出生的子女; 原有持证人继续有效。",
            "For children born before 1 January 2016 only; what existing holders have stays valid.",
        ),
        rows=tuple(rows),
        notes=(
            (
                "遗失可以申请补发。",
                "One that was lost can be replaced.",
            ),
        ),
        office=await printing.office_name(runtime, tx),
        dated=row["issued_on"],
        created=row["recorded_at"],
    )
