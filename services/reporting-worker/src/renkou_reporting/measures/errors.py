"""Errors of measures."""

from renkou_common.errors import Conflict


class MeasureExists(Conflict):
    """A code names one measure, for good."""

    def __init__(self, code: str) -> None:
        super().__init__("measure_exists", f"计量 {code} 已存在", f"The measure {code} exists already")
