"""What an office's form says around a table: its number, who issued it, who fills it in and checks it. No I/O.

Whoever signs does so by hand: no names of staff are known here.
"""

from dataclasses import dataclass

from renkou_common.errors import Text

BLANK = "＿＿＿＿＿＿"
SIGNERS = (
    Text("单位负责人", "head"),
    Text("统计负责人", "statistics"),
    Text("审核人", "checked by"),
    Text("制表人", "made by"),
)
SIGNED_ON = Text("报出日期", "date")
DATE_BLANK = "＿＿＿＿年＿＿月＿＿日"


@dataclass(frozen=True, slots=True)
class Form:
    """Number (表号), issuing office (制定机关) and the office that hands the form in; None is left open."""

    number: str | None = None
    authority: str | None = None
    organisation: str | None = None

    def head(self, area: str) -> tuple[tuple[str, str], tuple[str, str], tuple[str, str]]:
        """Return what stands above a table on the right, each with its label."""
        return (
            ("表　　号 No.", self.number or BLANK),
            ("制定机关 Issued by", self.authority or BLANK),
            ("填报单位 Reported by", self.organisation or area),
        )


def foot() -> str:
    """Return the line to be signed."""
    signers = "　　".join(f"{one.zh}：{BLANK}" for one in SIGNERS)
    return f"{signers}　　{SIGNED_ON.zh}：{DATE_BLANK}"
