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
