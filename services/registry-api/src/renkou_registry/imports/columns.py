"""The columns of a roster sheet: headings, what goes in, what the template offers. No I/O."""

from dataclasses import dataclass
from enum import StrEnum

from renkou_common.codes.kinship import RELATIONS
from renkou_common.codes.lists import DOCUMENT_KINDS, MARITAL_STATUSES, SEXES, CodeList
from renkou_common.codes.nationalities import NATIONALITIES

SHEET_NAME = "人口登记表"


class Column(StrEnum):
    """Headings as staff know them."""

    HOUSEHOLD = "户号"
    NAME = "姓名"
    SEX = "性别"
    BIRTH_DATE = "出生日期"
    DOCUMENT_KIND = "证件类型"
    DOCUMENT_NUMBER = "证件号码"
    NATIONALITY = "民族"
    MARITAL_STATUS = "婚姻状况"
    RELATION = "与户主关系"
    REGISTERED_AREA = "户籍地编码"
    REGISTERED_STREET = "户籍地详细地址"
    PRESENT_AREA = "现居住地编码"
    PRESENT_STREET = "现居住地详细地址"
    PRESENT_SINCE = "现居住起始日期"
    PHONE = "联系电话"
    CHILDREN = "生育子女数"
    EMPLOYER = "工作单位"
    CONFIRMED = "核实"


@dataclass(frozen=True, slots=True)
class ColumnRule:
    """How a column is filled in: required or not, from a code list or free, with an example."""

    column: Column
    required: bool
    help: str
    example: str
    codes: CodeList | None = None


RULES: tuple[ColumnRule, ...] = (
    ColumnRule(
        Column.HOUSEHOLD,
        True,
        "同一户填相同的户号; 一户要有且只有一个户主（登记册中已有的户除外）",
        "340103000001",
    ),
    ColumnRule(Column.NAME, True, "按证件填写, 100 字以内; 少数民族姓名的间隔点用 ·", "王小明"),
    ColumnRule(Column.SEX, True, "从下拉框选", "男", SEXES),
    ColumnRule(
        Column.BIRTH_DATE, True, "年-月-日; 应与身份证号一致, 不一致且已核实的在“核实”列填“是”", "1990-01-31"
    ),
    ColumnRule(Column.DOCUMENT_KIND, True, "从下拉框选", "居民身份证", DOCUMENT_KINDS),
    ColumnRule(
        Column.DOCUMENT_NUMBER,
        False,
        "居民身份证必填 18 位; 单元格必须是文本格式, 数字格式会丢失后三位",
        "340103199001311235",
    ),
    ColumnRule(Column.NATIONALITY, True, "从下拉框选", "汉族", NATIONALITIES),
    ColumnRule(Column.MARITAL_STATUS, True, "从下拉框选", "初婚", MARITAL_STATUSES),
    ColumnRule(Column.RELATION, True, "从下拉框选; 户主填“户主”", "户主", RELATIONS),
    ColumnRule(
        Column.REGISTERED_AREA,
        True,
        "本区的填 12 位社区（村）代码; 外地的至少填 6 位县（区）代码",
        "340103001001",
    ),
    ColumnRule(Column.REGISTERED_STREET, False, "路、号、幢、室", "亳州路 1 号 2 幢 301 室"),
    ColumnRule(
        Column.PRESENT_AREA,
        True,
        "本区的填 12 位社区（村）代码; 外出的至少填 6 位县（区）代码",
        "340103001001",
    ),
    ColumnRule(Column.PRESENT_STREET, False, "路、号、幢、室", "亳州路 1 号 2 幢 301 室"),
    ColumnRule(Column.PRESENT_SINCE, False, "年-月-日; 不填则从登记日算起", "2020-05-01"),
    ColumnRule(Column.PHONE, False, "手机号或带区号的固定电话, 文本格式", "13800000000"),
    ColumnRule(Column.CHILDREN, False, "0-30 的整数; 不知道则不填", "1"),
    ColumnRule(Column.EMPLOYER, False, "100 字以内", "合肥某某有限公司"),
    ColumnRule(Column.CONFIRMED, False, "身份证号中的出生日期或性别与登记的不一致, 经核实无误时填“是”", ""),
)
RULE_OF = {rule.column: rule for rule in RULES}
REQUIRED_HEADINGS = tuple(rule.column for rule in RULES if rule.column is not Column.CONFIRMED)

ROW_HEADING = "原行号"
REASON_HEADING = "错误说明"
IGNORED_HEADINGS = frozenset({ROW_HEADING, REASON_HEADING})
"""Columns that the error sheet adds, so that it can be handed in again once corrected."""
YES, NO = "是", "否"
