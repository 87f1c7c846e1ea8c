"""What each hot path is to reach: ours / limit, the limit taken in the same run."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.bench.report import Line


@dataclass(frozen=True)
class Goal:
    """``line`` is the name of the report's line, or what it begins with where there is one for each size."""

    line: str
    zh: str
    en: str
    limit: str
    least: float

    def of(self, lines: Sequence[Line]) -> Line | None:
        """Return the line that tells, that of the largest size where there are several; None where none does."""
        found = [each for each in lines if each.name == self.line or each.name.startswith(f"{self.line} ")]
        exact = [each for each in found if each.name == self.line]
        return exact[0] if exact else found[-1] if found else None


_ONE_ROW = "FastAPI + one asyncpg row, no checks"
GOALS = (
    Goal("person read", "读取人员", "person read: token, right, row floor, masked, audited", _ONE_ROW, 0.5),
    Goal("person list", "人员列表", "list of 50, filtered and scoped", "FastAPI + asyncpg 50 rows", 0.5),
    Goal(
        "create",
        "登记人员",
        "create person: validated, encrypted, deduplicated, event, audit, idempotent",
        "FastAPI + asyncpg one INSERT and commit",
        0.3,
    ),
    Goal("search number", "按号码精确查找", "exact search in the whole register", _ONE_ROW, 0.5),
    Goal(
        "import", "批量导入", "import per row", "parse + validate + encrypt + COPY, each alone, summed", 0.5
    ),
    Goal("relay", "事件转发", "relay", "bare atomic batch publish, sync always", 0.5),
    Goal("consumer", "事件消费", "consumer", "bare batched insert + totals upsert", 0.5),
    Goal(
        "exchange",
        "区县交换",
        "exchange message with receipt, both ends",
        "the four cryptographic steps alone",
        0.3,
    ),
    Goal("certificate verify", "证明核验", "certificate verify", "bare signature check, same algorithm", 0.5),
    Goal("figure read", "读取指标", "figure read", _ONE_ROW, 0.5),
)
