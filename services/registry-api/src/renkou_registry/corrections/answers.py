"""From requests to answers: labels, and the one place here where an ID number is masked."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from renkou_common.codes.lists import MARITAL_STATUSES, SEXES
from renkou_common.codes.masking import mask_resident_id
from renkou_common.codes.nationalities import NATIONALITIES
from renkou_registry.corrections.domain import KIN_FIELDS, CorrectionRequest, Difference
from renkou_registry.corrections.schemas import (
    CorrectionDetail,
    CorrectionOut,
    DifferenceOut,
    ImpossibleOut,
    KinOut,
    LineOut,
    SideBySideOut,
)
from renkou_registry.corrections.service import SideBySide
from renkou_registry.fields import area_code

_FIELDS = {
    "happened_on": ("发生日期", "date"),
    "sex": ("性别", "sex"),
    "birth_date": ("出生日期", "birth date"),
    "parity": ("孩次", "parity"),
    "marital_status": ("婚姻状况", "marital status"),
    "registered_area": ("户籍地", "registered area"),
    "registered_since": ("户籍地起始日期", "registered since"),
    "present_area": ("现居住地", "present area"),
    "present_since": ("现居住起始日期", "living there since"),
    "usual_area": ("常住地", "usual residence"),
    "mother_usual_area": ("母亲常住地", "mother's usual residence"),
    "mother_age": ("母亲生育时年龄", "mother's age at the birth"),
    "to_area": ("迁往地", "moved to"),
    "from_area": ("迁出地", "moved from"),
    "transfer_registration": ("户籍随迁", "registration transferred"),
    "alive": ("在世", "alive"),
    "died_on": ("死亡日期", "died on"),
    "spouse_id": ("配偶", "spouse"),
    "mother_id": ("母亲", "mother"),
    "father_id": ("父亲", "father"),
    "name": ("姓名", "name"),
    "resident_id": ("身份证号", "ID number"),
    "nationality": ("民族", "nationality"),
    "in_register": ("在册", "in the register"),
    "address": ("地址类型", "which address"),
    "change": ("区划变更编号", "change of the division"),
    "kept_id": ("保留的记录", "record that was kept"),
    "registration_only": ("仅迁户籍", "registration only"),
    "former_mother_id": ("原母亲", "mother before"),
    "former_father_id": ("原父亲", "father before"),
}
_LISTS = {"sex": SEXES, "marital_status": MARITAL_STATUSES, "nationality": NATIONALITIES}
_KINDS = {"correction": "更正", "retraction": "撤销"}
_STATES = {"requested": "待审", "approved": "已批准", "rejected": "已驳回", "withdrawn": "已撤回"}


def _value(field: str, value: Any) -> Any:
    if value is None:
        return None
    if field.endswith("_area"):
        return area_code(int(value))
    return mask_resident_id(value) if field == "resident_id" else value


def _label(field: str, value: Any, names: Mapping[str, str]) -> str | None:
    if value is None or field not in _LISTS:
        return names.get(str(value))
    return _LISTS[field].entry(str(value)).zh


def _difference(each: Difference, names: Mapping[str, str]) -> DifferenceOut:
    zh, en = _FIELDS.get(each.field, (each.field, each.field.replace("_", " ")))
    return DifferenceOut(
        field=each.field,
        field_label=zh,
        field_label_en=en,
        current=_value(each.field, each.current),
        current_label=_label(each.field, each.current, names),
        proposed=_value(each.field, each.proposed),
        proposed_label=_label(each.field, each.proposed, names),
    )


def side_by_side(found: SideBySide) -> SideBySideOut:
    """Return the comparison."""
    error = found.impossible
    return SideBySideOut(
        fields=[_difference(each, found.names) for each in found.fields],
        details=[_difference(each, {}) for each in found.details],
        state=[_difference(each, found.names) for each in found.state],
        figures=[
            LineOut(
                population=line.population,
                measure=line.measure,
                area=area_code(int(line.area)),
                on=line.on.isoformat(),
                value=line.value,
            )
            for line in found.lines
        ],
        kin=[
            KinOut.model_validate(
                {
                    "person_id": each.person_id,
                    "relation": each.relation,
                    "effect": each.effect.zh,
                    "effect_en": each.effect.en,
                }
            )
            for each in found.kin
        ],
        certificate_facts=found.certificate_facts,
        certificates_possibly_affected=bool(found.certificate_facts),
        impossible=ImpossibleOut(code=error.code, detail=error.detail.zh, detail_en=error.detail.en)
        if error
        else None,
        changed_since_request=found.changed_since_request,
        fingerprint=found.fingerprint,
    )


def shown_persons(answer: CorrectionDetail) -> set[UUID]:
    """Return whose data an answer shows: the person's, and of parents or a spouse beside each other."""
    shown = answer.side_by_side
    named = [each for each in (*shown.fields, *shown.state) if each.field in KIN_FIELDS] if shown else []
    values = {str(value) for each in named for value in (each.current, each.proposed) if value}
    return {answer.person_id, *map(UUID, values)}


def _members(found: CorrectionRequest) -> dict[str, Any]:
    same = {name: getattr(found, name) for name in CorrectionOut.model_fields if hasattr(found, name)}
    return same | {
        "kind_label": _KINDS[found.kind],
        "state_label": _STATES[found.state],
        "area": area_code(found.area),
        "changes": {name: _value(name, value) for name, value in found.changes.items()},
        "details": {name: _value(name, value) for name, value in found.details.items()},
    }


def summary(found: CorrectionRequest) -> CorrectionOut:
    """Return a request as lists show it."""
    return CorrectionOut.model_validate(_members(found))


def detail(found: CorrectionRequest, comparison: SideBySide | None) -> CorrectionDetail:
    """Return a request with its comparison."""
    shown = side_by_side(comparison) if comparison is not None else None
    return CorrectionDetail.model_validate({**_members(found), "side_by_side": shown})
