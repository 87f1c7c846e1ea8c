"""What can stand in a history. Standard library only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID


class EventKind(StrEnum):
    """What can stand in a history; the first three are entries, one of which opens each history."""

    OPENING = "opening"  # 期初建档
    ARRIVAL = "arrival"  # 流入登记
    BIRTH = "birth"  # 出生
    DEATH = "death"  # 死亡
    MARRIAGE = "marriage"  # 结婚
    MOVE = "move"  # 迁移、流动
    DIVORCE = "divorce"  # 离婚
    WIDOWHOOD = "widowhood"  # 丧偶: follows from the spouse's death
    DISSOLUTION = "dissolution"  # 婚姻关系消除: follows where the spouse of one declared dead remarried
    ADOPTION = "adoption"  # 收养
    ADDRESS = "address"  # 地址变更: another street or building of the same community
    AREA_CHANGE = "area_change"  # 区划变更: the division changed, not the person
    MERGE = "merge"  # 合并: another record stands for the person
    CORRECTION = "correction"  # 更正
    RETRACTION = "retraction"  # 撤销


@dataclass(frozen=True, slots=True)
class LifeEvent:
    """One recorded event. ``data`` holds what its kind needs:

    entries: ``sex, birth_date, marital_status, registered_area, present_area, present_since``, a birth also
    ``parity, mother_usual_area, mother_age``; marriage: ``marital_status``; move: ``to_area, transfer_registration``;
    address: ``address`` (registered or present); area change: ``from_area`` and the areas that take its place
    as ``registered_area, present_area, usual_area``; adoption: ``mother_id, father_id``; merge: ``kept_id``;
    correction: ``changes``. Kin are ids. Dates in ``data`` are dates.
    """

    id: UUID
    kind: EventKind
    happened_on: date
    data: Mapping[str, Any] = field(default_factory=dict)
    corrects: UUID | None = None
    retracts: UUID | None = None
