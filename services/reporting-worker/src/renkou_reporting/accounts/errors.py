"""Errors of population accounts."""

from renkou_common.errors import Conflict


class IncidentNotOpen(Conflict):
    """Only an open incident can be explained."""

    def __init__(self, state: str) -> None:
        super().__init__(
            "incident_not_open",
            f"该异常的状态为 {state}，只有 open 的可以说明",
            f"The incident is {state}; only an open one can be explained",
        )


class AccountsDoNotBalance(Conflict):
    """A period cannot be closed while an account of it does not balance and nobody has said why."""

    def __init__(self, number: int) -> None:
        super().__init__(
            "accounts_do_not_balance",
            f"有 {number} 项人口平衡账异常尚未说明或解决",
            f"{number} incident(s) of population accounts are neither explained nor solved",
        )
