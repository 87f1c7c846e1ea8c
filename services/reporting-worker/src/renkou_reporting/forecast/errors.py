"""Errors of forecasts."""

from renkou_common.errors import Conflict


class ScenarioExists(Conflict):
    """The code of a scenario is taken; scenarios are never changed."""

    def __init__(self, code: str) -> None:
        super().__init__(
            "scenario_exists",
            f"方案代码 {code} 已被使用，方案一经保存不可更改",
            f"There is a scenario {code} already; scenarios are never changed",
        )


class TooLittleHistory(Conflict):
    """Rates need at least one full year of counts."""

    def __init__(self, base: int) -> None:
        super().__init__(
            "too_little_history",
            f"{base} 年底以前没有完整的一年数据，无法预测",
            f"Up to the end of {base} there is no full year of counts to take rates from",
        )
