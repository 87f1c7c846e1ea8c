"""Errors of reconciliations."""

from renkou_common.errors import Conflict


class ReconciliationUnderway(Conflict):
    """One reconciliation at a time."""

    def __init__(self) -> None:
        super().__init__(
            "reconciliation_underway", "已有对账正在进行", "A reconciliation is underway already"
        )
