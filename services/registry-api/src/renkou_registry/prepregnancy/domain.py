"""A couple's pre-pregnancy check: its steps in order, consent before any of them, how it counts. No I/O.

    registered > history > laboratory > imaging > assessed > informed > early follow-up > outcome > closed

A step that concerns neither of the two (imaging of a man alone) is left out. From "informed" on the check may
be closed: follow-up is an offer. The couple may withdraw at any time: everything found is deleted then, and
nothing counts. A couple that declines is recorded as declined, and nothing follows.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from renkou_common.codes.maternal import PREPREGNANCY_STATES
from renkou_common.contracts.lines import LineKey, Measure, Population
from renkou_common.errors import Conflict
from renkou_registry.prepregnancy.forms import Form, Step, items_of


class State(StrEnum):
    """Where a check stands."""

    DECLINED = "declined"  # 不需要
    REGISTERED = "registered"  # 已登记
    HISTORY = "history"  # 已询问病史
    LABORATORY = "laboratory"  # 已做实验室检查
    IMAGING = "imaging"  # 已做影像检查
    ASSESSED = "assessed"  # 已评估
    INFORMED = "informed"  # 已告知
    EARLY_FOLLOW_UP = "early_follow_up"  # 已做早孕随访
    OUTCOME_FOLLOW_UP = "outcome_follow_up"  # 已做结局随访
    CLOSED = "closed"  # 已结案
    WITHDRAWN = "withdrawn"  # 已退出


class ReadPurpose(StrEnum):
    """What findings may be read for."""

    EXAMINATION = "examination"  # 检查、评估
    ADVICE = "advice"  # 告知与咨询
    FOLLOW_UP = "follow_up"  # 随访
    CORRECTION = "correction"  # 更正
    PERSON_ASKS = "person_asks"  # 应本人要求


STATE_LABELS = {state: PREPREGNANCY_STATES.entry(state).zh for state in State}
AFTER: dict[Step, State] = {
    Step.HISTORY: State.HISTORY,
    Step.LABORATORY: State.LABORATORY,
    Step.IMAGING: State.IMAGING,
    Step.ASSESSMENT: State.ASSESSED,
    Step.INFORMATION: State.INFORMED,
    Step.EARLY_FOLLOW_UP: State.EARLY_FOLLOW_UP,
    Step.OUTCOME_FOLLOW_UP: State.OUTCOME_FOLLOW_UP,
}
"""The state that each step leads to, in order."""

_STEPS = tuple(AFTER)
_CLOSABLE = (State.INFORMED, State.EARLY_FOLLOW_UP, State.OUTCOME_FOLLOW_UP)
_EXAMINED = (State.ASSESSED, *_CLOSABLE, State.CLOSED)


@dataclass(frozen=True, slots=True)
class Participant:
    """One of the couple; ``sex`` GB/T 2261.1."""

    id: UUID
    sex: int


@dataclass(frozen=True, slots=True)
class Counted:
    """What of a check is counted: no identity. ``high_risk`` is how many of ``persons`` were found so."""

    area: int
    population: Population
    state: State
    registered_on: date
    persons: int
    high_risk: int = 0


def lines_of(check: Counted | None) -> Counter[LineKey]:
    """Return how a check counts, all on the day of its registration, so that no rate exceeds one."""
    if check is None or check.state is State.WITHDRAWN:
        return Counter()
    lines: Counter[LineKey] = Counter()

    def add(measure: Measure, value: int = 1) -> None:
        if value:
            key = LineKey(check.population, f"{check.area:012d}", check.registered_on, measure)
            lines[key] += value

    add(Measure.COUPLE_TARGET)
    if check.state is not State.DECLINED:
        add(Measure.COUPLE_ACCEPTED)
    if check.state in _EXAMINED:
        add(Measure.COUPLE_EXAMINED)
        add(Measure.PREPREGNANCY_EXAMINED, check.persons)
        add(Measure.PREPREGNANCY_HIGH_RISK, check.high_risk)
    return lines


def concerned(form: Form, step: Step, couple: Sequence[Participant]) -> list[Participant]:
    """Return those of the couple whom a step concerns."""
    return [each for each in couple if items_of(form, step, each.sex)]


def next_step(form: Form, state: State, couple: Sequence[Participant]) -> Step | None:
    """Return the step that comes next, leaving out those that concern nobody; None after the last."""
    reached = [step for step in _STEPS if AFTER[step] == state]
    if not reached and state is not State.REGISTERED:
        return None
    following = _STEPS[_STEPS.index(reached[0]) + 1 :] if reached else _STEPS
    return next((step for step in following if concerned(form, step, couple)), None)


def advance(form: Form, state: State, step: Step, couple: Sequence[Participant]) -> State:
    """Return the state after a step; raises Conflict for one that is not next."""
    expected = next_step(form, state, couple)
    if step is not expected:
        label = STATE_LABELS[state]
        raise Conflict(
            "step_order",
            f"现为“{label}”, 下一步应为 {expected or '无'}",
            f"the check is {state}; the next step is {expected or 'none'}",
        )
    return AFTER[step]


def check_consent(people: Collection[Participant], consents: Mapping[UUID, date], done_on: date) -> None:
    """Raise Conflict unless each person consented separately, not after the day of the step."""
    missing = [each for each in people if each.id not in consents or consents[each.id] > done_on]
    if missing:
        raise Conflict(
            "consent_missing",
            "尚未取得本人对健康信息处理的单独同意",
            "a separate consent to the recording of health data is missing",
        )


def check_order(done_on: date, registered_on: date, earlier: Collection[date]) -> None:
    """Raise Conflict for a step dated before the registration or before an earlier step."""
    latest = max([registered_on, *earlier])
    if done_on < latest:
        raise Conflict(
            "before_earlier_step", f"早于上一步的日期 {latest}", f"is before the earlier step of {latest}"
        )


def close(state: State) -> State:
    """Return the closed state; possible once the couple was informed."""
    if state not in _CLOSABLE:
        raise Conflict(
            "not_informed",
            "告知结果后才能结案; 提前结束请用退出",
            "a check is closed after the couple was informed; to end it earlier, it is withdrawn",
        )
    return State.CLOSED


def withdraw(state: State) -> State:
    """Return the withdrawn state, from any state in which the couple takes or took part."""
    if state in (State.DECLINED, State.WITHDRAWN):
        raise Conflict("not_taking_part", "该夫妇没有参加", "the couple does not take part")
    return State.WITHDRAWN


def is_examined(state: State) -> bool:
    """Say whether there is a result to print."""
    return state in _EXAMINED


def is_open(state: State) -> bool:
    """Say whether consents may still be recorded."""
    return state not in (State.DECLINED, State.WITHDRAWN, State.CLOSED)
