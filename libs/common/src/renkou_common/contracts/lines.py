"""Population lines: signed counts that services publish and reporting-worker adds up.

A line says that on a day, in an area, a population or a task list grew or shrank by ``value``. A service
derives the lines of one record by a pure function of the record's history and publishes the difference
between the new and the old multiset, so that a correction is an exact reversal (see docs/decisions).
"""

from collections import Counter
from datetime import date
from enum import StrEnum
from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from renkou_common.contracts.typed import typed


class Population(StrEnum):
    """Over whom a figure runs; domain terms in Chinese beside each."""

    REGISTERED = "registered"  # 户籍人口
    RESIDENT = "resident"  # 常住人口
    MIGRANT_IN = "migrant_in"  # 流入人口
    MIGRANT_OUT = "migrant_out"  # 流出人口
    MIGRANT_OUT_CERTIFIED = "migrant_out_certified"  # 持有效证明的流出人口
    OFFICE = "office"  # 工作量: what offices did; no population, nobody is counted


class Measure(StrEnum):
    """What a line counts. Stock on day D = opening + birth + in - death - out over all lines up to D."""

    OPENING = "opening"  # 期初建档
    BIRTH = "birth"  # 出生
    DEATH = "death"  # 死亡
    IN = "in"  # 迁入、流入
    OUT = "out"  # 迁出、流出
    # Of women in the register, on the day it happened; late: at 23 and above, at 24 and above.
    FIRST_MARRIAGE = "first_marriage"  # 女性初婚
    LATE_FIRST_MARRIAGE = "late_first_marriage"  # 女性晚婚初婚
    FIRST_BIRTH = "first_birth"  # 女性初育
    LATE_FIRST_BIRTH = "late_first_birth"  # 女性晚育初育
    CHECK_DUE = "check_due"  # 应查验
    CHECK_MADE = "check_made"  # 已查验
    CERTIFICATE_APPLIED = "certificate_applied"  # 证明申请
    CERTIFICATE_ISSUED = "certificate_issued"  # 证明签发
    CERTIFICATE_REJECTED = "certificate_rejected"  # 不予办理
    CERTIFICATE_WITHDRAWN = "certificate_withdrawn"  # 撤回申请
    NOTICE_DUE = "notice_due"  # 应通报
    NOTICE_SENT = "notice_sent"  # 已通报
    NOTICE_CONFIRMABLE = "notice_confirmable"  # 已通报且应确认
    NOTICE_CONFIRMED = "notice_confirmed"  # 已确认
    REPLY_DUE = "reply_due"  # 应回复
    REPLY_ON_TIME = "reply_on_time"  # 及时回复
    SERVICE_ENTITLED = "service_entitled"  # 享有免费服务 (人次)
    SERVICE_ACCEPTED = "service_accepted"  # 接受服务
    SERVICE_RECEIVED = "service_received"  # 已获服务
    EXAMINATION_ENTITLED = "examination_entitled"  # 享有检查
    EXAMINATION_ACCEPTED = "examination_accepted"  # 接受检查
    EXAMINATION_RECEIVED = "examination_received"  # 已检查
    COUPLE_TARGET = "couple_target"  # 孕前优生目标夫妇
    COUPLE_ACCEPTED = "couple_accepted"  # 接受孕前检查的夫妇
    COUPLE_EXAMINED = "couple_examined"  # 已检查夫妇
    PREPREGNANCY_EXAMINED = "prepregnancy_examined"  # 孕前检查人数
    PREPREGNANCY_HIGH_RISK = "prepregnancy_high_risk"  # 高风险人数
    # Stocks: +1 from a day on, -1 until a day; what holds on day D is the sum of all lines up to D.
    CARD_DUE = "card_due"  # 应建卡
    CARD_OPEN = "card_open"  # 在册卡
    MARRIED_WOMEN = "married_women"  # 在册已婚育龄妇女
    METHOD_USERS_MARRIED = "method_users_married"  # 其中采用避孕方法的
    METHOD_SUPPLIES = "method_supplies"  # 药具
    METHOD_SUPPLIES_CONFIRMED = "method_supplies_confirmed"  # counted no longer; events of before carry it
    METHOD_IUD = "method_iud"  # 宫内节育器
    METHOD_STERILISATION = "method_sterilisation"  # 绝育
    METHOD_IMPLANT = "method_implant"  # 皮埋
    METHOD_OTHER = "method_other"  # 其他
    # Flows, dated at the day the visit was due.
    VISIT_OFFERED = "visit_offered"  # 已提供随访
    VISIT_ACCEPTED = "visit_accepted"  # 接受随访
    VISIT_KEPT = "visit_kept"  # 已随访
    BENEFIT_DUE = "benefit_due"  # 奖扶应发人次
    BENEFIT_PAID = "benefit_paid"  # 奖扶已发人次
    BENEFIT_DUE_FEN = "benefit_due_fen"  # 奖扶应发金额, 分
    BENEFIT_PAID_FEN = "benefit_paid_fen"  # 奖扶已发金额, 分
    SUPPLY_ISSUED = "supply_issued"  # 药具发放人次
    SUPPLY_USER_REGISTERED = "supply_user_registered"  # 登记的药具使用者
    SUPPLY_USER_CONFIRMED = "supply_user_confirmed"  # 确认使用
    SUPPLY_USER_REACHED = "supply_user_reached"  # 已获得免费药具
    EMPLOYER_STATEMENT_DUE = "employer_statement_due"  # 应签责任书的单位
    EMPLOYER_STATEMENT_SIGNED = "employer_statement_signed"  # 已签责任书的单位
    RENTAL_AGREEMENT_DUE = "rental_agreement_due"  # 应登记签约的出租房屋
    RENTAL_AGREEMENT_SIGNED = "rental_agreement_signed"  # 已登记签约的出租房屋
    ACTIVITY_HELD = "activity_held"  # 活动场次
    ACTIVITY_REACHED = "activity_reached"  # 活动惠及人次
    ACTIVITY_MATERIAL = "activity_material"  # 发放资料份数
    PETITION_RECEIVED = "petition_received"  # 受理信访
    PETITION_ON_TIME = "petition_on_time"  # 及时处理的信访
    SATISFACTION_VALID = "satisfaction_valid"  # 满意度有效答卷
    SATISFACTION_SATISFIED = "satisfaction_satisfied"  # 满意
    AWARENESS_VALID = "awareness_valid"  # 知晓率有效答题
    AWARENESS_CORRECT = "awareness_correct"  # 知晓
    BUDGET_PLANNED = "budget_planned"  # 事业费预算, 分
    BUDGET_SPENT = "budget_spent"  # 事业费支出, 分


AREA_CHANGE = "area_change"
"""Detail of the in and out lines that a changed division leads to (区划变更): nobody moved."""
AreaText = Annotated[str, Field(pattern=r"^\d{12}$", description="12-digit area code, zero-padded")]
Detail = Annotated[
    str,
    Field(
        pattern=r"^([a-z0-9][a-z0-9_.-]{0,59})?$",
        description="what the count is told apart by within its measure: a scheme, a method, a kind; '' none",
    ),
]
BirthMonth = Annotated[str, Field(pattern=r"^\d{4}-\d{2}$", description="YYYY-MM")]


class LineKey(NamedTuple):
    """What a line is counted under. ``area`` is a 12-digit code; sex 0 and birth_month '' mean not told.

    ``detail`` tells counts of one measure apart by a code (scheme, method, kind of service); '' is none.
    """

    population: Population
    area: str
    on: date
    measure: Measure
    sex: int = 0
    birth_month: str = ""
    parity: int = 0
    detail: str = ""


class Line(BaseModel):
    """One signed count as published."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    population: Population
    area: AreaText
    on: date
    measure: Measure
    sex: int = Field(default=0, ge=0, le=9)
    birth_month: BirthMonth | None = None
    parity: int = Field(default=0, ge=0, le=30)
    detail: Detail = ""
    value: int


def difference(new: Counter[LineKey], old: Counter[LineKey]) -> list[Line]:
    """Return the lines that turn ``old`` into ``new``, in a stable order; zero differences are left out."""
    if not old:
        return [_line(key, new[key]) for key in sorted(new) if new[key]]
    keys = sorted(new.keys() | old.keys())
    return [_line(key, new[key] - old[key]) for key in keys if new[key] != old[key]]


def _line(key: LineKey, value: int) -> Line:
    return typed(
        Line,
        {
            "population": key.population,
            "area": key.area,
            "on": key.on,
            "measure": key.measure,
            "sex": key.sex,
            "birth_month": key.birth_month or None,
            "parity": key.parity,
            "detail": key.detail,
            "value": value,
        },
    )
