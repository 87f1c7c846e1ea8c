"""From rows of checks to answers and to the printed result sheet."""

from itertools import zip_longest
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction
from renkou_common.errors import Conflict
from renkou_common.printing.page import Row
from renkou_common.scope import AreaScope
from renkou_registry.fields import area_code
from renkou_registry.prepregnancy import domain, forms
from renkou_registry.prepregnancy.domain import STATE_LABELS, State
from renkou_registry.prepregnancy.forms import STEP_LABELS, Form, Item, Step, value_text
from renkou_registry.prepregnancy.schemas import (
    CheckOut,
    CheckSummary,
    CodeOut,
    ConsentOut,
    FormOut,
    ItemOut,
    StepOut,
)
from renkou_registry.prepregnancy.service import Check
from renkou_registry.proofs import printing
from renkou_registry.proofs.document import Proof, Table
from renkou_registry.runtime import Runtime

PREFIX = "YQ"
_SHEET = (Step.HISTORY, Step.LABORATORY, Step.IMAGING, Step.ASSESSMENT)

type Findings = dict[UUID, dict[Step, dict[str, Any]]]


def summary(row: asyncpg.Record) -> CheckSummary:
    """Return a check as lists show it."""
    return CheckSummary.model_validate(_common(row))


def check(found: Check) -> CheckOut:
    """Return a check; every finding stays sealed."""
    steps = [
        StepOut(
            step=Step(row["step"]),
            step_label=STEP_LABELS[Step(row["step"])][0],
            person_id=row["person_id"],
            done_on=row["done_on"],
            revision=row["revision"],
        )
        for row in sorted(found.steps, key=lambda row: list(Step).index(Step(row["step"])))
    ]
    return CheckOut.model_validate(
        _common(found.row)
        | {
            "next_step": domain.next_step(found.form, found.state, found.couple),
            "consents": [ConsentOut(**dict(row)) for row in found.consents],
            "steps": steps,
        }
    )


def form(of: Form) -> FormOut:
    """Return a form with its code lists."""
    return FormOut(
        version=of.version,
        valid_from=of.valid_from,
        steps={step: [_item(item) for item in items] for step, items in of.items.items()},
        code_lists={
            each.id: [CodeOut(code=entry.code, label=entry.zh, label_en=entry.en) for entry in each.entries]
            for each in forms.code_lists([of])
        },
    )


async def sheet(
    runtime: Runtime, tx: Transaction, scope: AreaScope, found: Check, findings: Findings
) -> Proof:
    """Return the couple's result sheet; raises Conflict before the risk was assessed."""
    if not domain.is_examined(found.state):
        raise Conflict("not_assessed", "尚未完成评估, 没有结果可打印", "not assessed yet; nothing to print")
    named = await printing.people(runtime, tx, scope, [each.id for each in found.couple])
    rows = [
        Row(f"参加人 {sign}", f"Participant {sign}", named[each.id][1])
        for sign, each in zip("AB", found.couple, strict=False)
    ]
    assessed = max(row["done_on"] for row in found.steps if row["step"] == Step.ASSESSMENT)
    rows.append(Row("登记与评估", "Registered, assessed", f"{found.row['registered_on']}, {assessed}"))
    return Proof(
        number=printing.number_of(PREFIX, found.row["id"]),
        title_zh="孕前优生健康检查结果",
        title_en="Result of the Free Pre-Pregnancy Check",
        small_print=(
            "只交参加人本人; 是否怀孕、何时怀孕由本人决定。",
            "For the participants only; whether and when to have a child is theirs to decide.",
        ),
        rows=tuple(rows),
        notes=(
            (
                "高风险表示建议进一步咨询, 不是诊断。",
                "High risk means that further advice is offered; it is not a diagnosis.",
            ),
        ),
        office=await printing.office_name(runtime, tx),
        dated=assessed,
        created=max(row["recorded_at"] for row in found.steps),
        table=_table(found, findings),
    )


def _table(found: Check, findings: Findings) -> Table:
    """One line for each value that was recorded of somebody, and for each code where there are several."""
    lines: list[tuple[str, ...]] = []
    for step in _SHEET:
        for item in found.form.items[step]:
            values = [findings.get(each.id, {}).get(step, {}).get(item.code) for each in found.couple]
            if all(value is None for value in values):
                continue
            cells = [_cells(item, value) for value in values]
            for number, line in enumerate(zip_longest(*cells, fillvalue="")):
                lines.append((f"{item.zh} {item.en}" if number == 0 else "", *line))
    return Table(("项目 Item", *"AB"[: len(found.couple)]), tuple(lines))


def _cells(item: Item, value: Any) -> list[str]:
    """Return the texts of a value, a dash where nothing was recorded."""
    if value is None:
        return ["—"]
    texts = [value_text(item, [each]) for each in value] if item.several else [value_text(item, value)]
    return [zh if zh == en else f"{zh} {en}" for zh, en in texts]


def _common(row: asyncpg.Record) -> dict[str, Any]:
    people = [each for each in (row["first_person_id"], row["second_person_id"]) if each is not None]
    return {
        "id": row["id"],
        "person_ids": people,
        "area": area_code(row["area"]),
        "state": row["state"],
        "state_label": STATE_LABELS[State(row["state"])],
        "registered_on": row["registered_on"],
        "ended_on": row["ended_on"],
        "version": row["version"],
        "recorded_at": row["recorded_at"],
    }


def _item(item: Item) -> ItemOut:
    number = item.codes is None
    return ItemOut(
        code=item.code,
        label=item.zh,
        label_en=item.en,
        kind="number" if number else "codes" if item.several else "code",
        code_list=item.codes.id if item.codes else None,
        unit=item.unit or None,
        low=str(item.low) if number else None,
        high=str(item.high) if number else None,
        sex=item.sex,
        required=item.required,
    )
