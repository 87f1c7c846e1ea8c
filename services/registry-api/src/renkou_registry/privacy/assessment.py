"""The impact assessment (个人信息保护影响评估), generated from purposes, fields, recipients, protection and retention.

    python -m renkou_registry.privacy.assessment docs/impact-assessment.md

The page of the repository is that of a district as it starts; a node's own is ``GET /privacy/impact-assessment``.
"""

import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from renkou_common.identity.roles import ROLE_SCOPES
from renkou_registry.exports.lists import LISTS
from renkou_registry.field_keys.columns import PROTECTED
from renkou_registry.privacy.purposes.defaults import BASES, PURPOSES
from renkou_registry.privacy.registers.domain import Processing, processing
from renkou_registry.privacy.registers.service import Entry
from renkou_registry.privacy.retention.rules import RULES, Rule

HEAD = """# 个人信息保护影响评估 Impact assessment

由 `python -m renkou_registry.privacy.assessment docs/impact-assessment.md` 生成, 不手工编写; 测试核对是否最新。
Generated, not written; a test compares. A node's own, with its numbers: `GET /privacy/impact-assessment`.

依据《个人信息保护法》第五十五条（事前评估并记录处理情况）、第五十六条（评估内容; 报告和处理情况记录至少保存三年）。
Personal Information Protection Law, article 55 (assessed before, processing recorded) and article 56 (what an
assessment says; report and records are kept for three years at least).
"""
_IMPACTS = {"high": "高 high", "medium": "中 medium", "low": "低 low"}


def page() -> str:
    """Return the page of a district as it starts."""
    articles = {basis.code: basis.articles for basis in BASES}
    made = [processing(each, PROTECTED, LISTS.values(), RULES, ROLE_SCOPES) for each in PURPOSES]
    return _page(HEAD, [(each, articles[each.purpose.basis], None) for each in made])


def page_of_node(district: str, made_at: datetime, entries: Sequence[Entry]) -> str:
    """Return the page of a node with its numbers."""
    head = f"{HEAD}\n区划 district: {district}. 生成时间 made at: {made_at.isoformat(timespec='seconds')}\n"
    rows = [(each.processing, each.articles, each) for each in entries if each.in_force]
    return _page(head, rows)


def _page(head: str, rows: Sequence[tuple[Processing, str, Entry | None]]) -> str:
    numbered = any(entry for *_, entry in rows)
    lines = [head, "## 一、目的、方式是否合法、正当、必要 Purpose and means (56(1))\n"]
    lines += [
        "| 目的 purpose | 法律依据 basis | 单独同意 consent | 表 tables | 字段 fields |",
        "|---|---|---|---|---|",
    ]
    for made, articles, _ in rows:
        purpose = made.purpose
        consent = f"`{purpose.consent}`" if purpose.consent else "-"
        lines.append(
            f"| {purpose.zh} {purpose.en} (`{purpose.code}`) | {articles} | {consent} | {_list(made.tables)}"
            f" | {made.fields} |"
        )
    lines += ["", "## 二、对个人权益的影响及安全风险 Impact and risk (56(2))\n"]
    lines += [
        "高: 敏感信息对外提供、涉及健康或须单独同意; 中: 敏感信息或对外提供; 低: 其他。"
        " High: sensitive information that leaves the district, is about health or needs a separate consent;"
        " medium: sensitive, or it leaves; low: the rest.\n",
        "| 目的 purpose | 影响 impact | 事由 grounds | 健康字段 health | 提供给其他区县 to districts |"
        " 可导出名单 lists | 岗位 roles |" + (" 记录 rows | 年导出 exports |" if numbered else ""),
        "|---|---|---|---|---|---|---|" + ("---|---|" if numbered else ""),
    ]
    for made, _, entry in rows:
        numbers = f" {entry.rows} | {entry.exports} ({entry.exported_rows}) |" if entry else ""
        lines.append(
            f"| `{made.purpose.code}` | {_IMPACTS[made.impact]} | {_list(made.needs_assessment)} |"
            f" {_list(made.health)} | {_list(made.notices)} | {_list(made.exports)} | {_list(made.roles)} |{numbers}"
        )
    lines += ["", "## 三、保护措施与风险是否相适应 Protection (56(3))\n"]
    lines += ["| 目的 purpose | 逐字段加密 encrypted | 保存期限 retention |", "|---|---|---|"]
    for made, _, _ in rows:
        kept = "; ".join(_kept(rule) for rule in made.retention) or "-"
        lines.append(f"| `{made.purpose.code}` | {_list(made.sealed)} | {kept} |")
    lines += ["", *_findings([made for made, *_ in rows])]
    return "\n".join(lines) + "\n"


def _findings(rows: Sequence[Processing]) -> Iterable[str]:
    """What the data shows to look at: never an opinion, only what is or is not there."""
    yield "## 四、待关注 To be looked at\n"
    plain = [each.purpose.code for each in rows if each.impact == "high" and each.tables and not each.sealed]
    endless = [
        each.purpose.code
        for each in rows
        if each.retention and all(rule.days is None for rule in each.retention)
    ]
    yield f"- 影响高而无逐字段加密 high impact without a field encrypted by itself: {_list(plain)}"
    yield f"- 保存期限由法律或期限表规定, 不自动删除 kept by law or schedule, not deleted by a clock: {_list(endless)}"


def _kept(rule: Rule) -> str:
    days = f"{rule.days} 天 days" if rule.days else "依法 by law"
    return f"{rule.zh} {rule.en}: {days} ({rule.from_zh})"


def _list(names: Iterable[str]) -> str:
    return ", ".join(f"`{each}`" for each in names) or "-"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
