"""Errors of aggregate returns."""

from uuid import UUID

from renkou_common.errors import Conflict
from renkou_reporting.returns.domain import State, Step

_STATES = {
    State.DRAFT: ("填报中", "being filled in"),
    State.FILLED: ("待审核", "waiting to be checked"),
    State.CHECKED: ("待签发", "waiting to be signed"),
    State.SIGNED: ("已签发", "signed"),
    State.WITHDRAWN: ("已撤回", "withdrawn"),
    State.CORRECTED: ("已更正", "corrected by another"),
}
_STEPS = {
    Step.SAVED: ("修改", "changed"),
    Step.FILLED: ("上报", "handed in"),
    Step.CHECKED: ("审核", "checked"),
    Step.SIGNED: ("签发", "signed"),
    Step.SENT_BACK: ("退回", "sent back"),
    Step.WITHDRAWN: ("撤回", "withdrawn"),
    Step.CORRECTED: ("更正", "corrected"),
}


class WrongState(Conflict):
    """A return stands where a step is not taken from."""

    def __init__(self, state: State, step: Step) -> None:
        code = "return_withdrawn" if state is State.WITHDRAWN else "return_state"
        (zh, en), (step_zh, step_en) = _STATES[state], _STEPS[step]
        super().__init__(code, f"该报表{zh}, 不能{step_zh}", f"The return is {en}; it cannot be {step_en}")


class ReturnExists(Conflict):
    """One return for a form, place and period."""

    def __init__(self, return_id: UUID, state: State) -> None:
        zh, en = _STATES[state]
        how_zh = "如有变化请更正该报表" if state is State.SIGNED else "请在该报表中填报"
        how_en = "correct that one" if state is State.SIGNED else "fill in that one"
        super().__init__(
            "return_exists",
            f"该期报表已存在 ({return_id}, {zh}), {how_zh}",
            f"There is a return of this period ({return_id}, {en}); {how_en}",
        )
