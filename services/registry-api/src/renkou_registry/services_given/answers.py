"""From rows of services to answers and to the printed proof."""

import asyncpg

from renkou_common.codes.lists import SERVICE_KINDS
from renkou_common.codes.maternal import SERVICE_CANCELLATIONS
from renkou_common.database import Transaction
from renkou_common.errors import Conflict
from renkou_common.printing.page import Row
from renkou_common.scope import AreaScope
from renkou_registry.fields import area_code
from renkou_registry.proofs import printing
from renkou_registry.proofs.document import Proof
from renkou_registry.runtime import Runtime
from renkou_registry.services_given.domain import STATE_LABELS, State
from renkou_registry.services_given.schemas import ServiceOut

PREFIX = "FW"


def service(row: asyncpg.Record) -> ServiceOut:
    """Return the answer for one service; its result stays sealed."""
    because = row["cancelled_because"]
    return ServiceOut(
        id=row["id"],
        person_id=row["person_id"],
        kind=row["kind"],
        kind_label=SERVICE_KINDS.entry(row["kind"]).zh,
        state=State(row["state"]),
        state_label=STATE_LABELS[State(row["state"])],
        given_on=row["given_on"],
        offered_on=row["offered_on"],
        booked_for=row["booked_for"],
        booked_by=row["booked_by"],
        cancelled_because=because,
        cancelled_because_label=SERVICE_CANCELLATIONS.entry(because).zh if because else None,
        area=area_code(row["area"]),
        share_with_home=row["share_with_home"],
        has_result=row["result_sealed"] is not None,
        version=row["version"],
        recorded_at=row["recorded_at"],
    )


async def proof(runtime: Runtime, tx: Transaction, scope: AreaScope, row: asyncpg.Record) -> Proof:
    """Return the proof that a service was given; raises Conflict for one that was not."""
    if row["state"] != State.GIVEN:
        raise Conflict(
            "not_given", "服务尚未提供, 不能打印凭证", "the service was not given; nothing to prove"
        )
    named = (await printing.people(runtime, tx, scope, [row["person_id"]]))[row["person_id"]][1]
    kind = SERVICE_KINDS.entry(row["kind"])
    return Proof(
        number=printing.number_of(PREFIX, row["id"]),
        title_zh="免费服务凭证",
        title_en="Proof of a Free Service",
        small_print=("服务免费, 自愿接受。", "The service is free of charge and voluntary."),
        rows=(
            Row("姓名", "Name", named),
            Row("服务项目", "Service", f"{kind.zh} {kind.en}"),
            Row("服务日期", "Given on", row["given_on"].isoformat()),
            Row("服务地", "Place", await printing.office_name(runtime, tx, row["area"])),
        ),
        notes=(
            (
                "本凭证只证明服务已提供, 不载明任何结果, 不是办理任何事项的条件。",
                "It proves that the service was given, states no result and is no condition of anything.",
            ),
        ),
        office=await printing.office_name(runtime, tx),
        dated=row["given_on"],
        created=row["recorded_at"],
    )
