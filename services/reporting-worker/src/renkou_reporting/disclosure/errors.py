"""Errors of disclosure."""

from renkou_common.errors import Forbidden


class ExactFiguresOnly(Forbidden):
    """Exact figures are for those who may read the cases, and for those who produce and sign the figures."""

    def __init__(self) -> None:
        super().__init__(
            "exact_figures",
            "实时数字含未满 5 人的单元格，须有“figure:exact”权限；请查阅 /published 的公布数",
            "Live figures show cells of fewer than 5 people and need figure:exact; published ones are at /published",
        )
