"""Code lists (码表): versioned, each entry with its label in Chinese and English.

Answers carry code and label. Where the program itself tells codes apart they are enums, whose members are the
codes of the list of the same name.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from functools import cached_property
from types import MappingProxyType

from renkou_common.codes.findings import CodeError


class CodeListError(CodeError):
    """A code or label that a list does not have."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One code with its labels."""

    code: str
    zh: str
    en: str


@dataclass(frozen=True)
class CodeList:
    """A version of a list; `version` names the standard or the day from which the list holds."""

    id: str
    version: str
    zh: str
    en: str
    entries: tuple[Entry, ...]

    @cached_property
    def _by_code(self) -> MappingProxyType[str, Entry]:
        return MappingProxyType({entry.code: entry for entry in self.entries})

    @cached_property
    def _by_label(self) -> MappingProxyType[str, Entry]:
        return MappingProxyType({entry.zh: entry for entry in self.entries})

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(self._by_code)

    def entry(self, code: str | int) -> Entry:
        """The entry of a code (an enum member will do). Raises CodeListError `code_unknown`."""
        found = self._by_code.get(str(code))
        if found is None:
            raise CodeListError(
                "code_unknown",
                f"“{self.zh}”码表中没有代码 {str(code)[:20]}",
                f"the list '{self.en}' has no code {str(code)[:20]}",
            )
        return found

    def from_label(self, label: str) -> Entry:
        """The entry of a Chinese label or of a code, as spreadsheets hold either.

        Raises CodeListError `label_unknown`.
        """
        text = label.strip()
        found = self._by_label.get(text) or self._by_code.get(text)
        if found is None:
            raise CodeListError(
                "label_unknown",
                f"“{self.zh}”不能填“{text[:20]}”，可填：{'、'.join(e.zh for e in self.entries[:12])}",
                f"'{text[:20]}' is no {self.en}",
            )
        return found


class Sex(IntEnum):
    """GB/T 2261.1."""

    UNKNOWN = 0
    MALE = 1
    FEMALE = 2
    NOT_STATED = 9


class MaritalStatus(IntEnum):
    """GB/T 2261.2."""

    UNMARRIED = 10
    MARRIED = 20
    FIRST_MARRIAGE = 21
    REMARRIED = 22
    RESUMED = 23
    WIDOWED = 30
    DIVORCED = 40
    NOT_STATED = 90

    @property
    def is_married(self) -> bool:
        return 20 <= self < 30


class Population(StrEnum):
    """The populations over which figures run."""

    REGISTERED = "registered"
    RESIDENT = "resident"
    MIGRANT_IN = "migrant_in"
    MIGRANT_OUT = "migrant_out"


class HouseholdKind(StrEnum):
    FAMILY = "family"
    COLLECTIVE = "collective"


class DocumentKind(StrEnum):
    RESIDENT_ID = "resident_id"
    PASSPORT = "passport"
    BIRTH_CERTIFICATE = "birth_certificate"
    NONE = "none"


class MembershipKind(StrEnum):
    """How a person belongs to a household: by registration, or by living there."""

    REGISTERED = "registered"
    LIVING = "living"


class PlaceKind(StrEnum):
    """What lies below a community, without national codes."""

    GRID = "grid"
    COURTYARD = "courtyard"
    BUILDING = "building"
    RESIDENTS_GROUP = "residents_group"


class UnmaskPurpose(StrEnum):
    """What an ID number or a phone may be read in the clear for."""

    DOCUMENT_CHECK = "document_check"
    CONTACT = "contact"
    CERTIFICATE = "certificate"
    EXCHANGE = "exchange"
    BENEFIT = "benefit"
    CORRECTION = "correction"
    PETITION = "petition"


class KinKind(StrEnum):
    """Who a relative is to a person, as the register links them."""

    MOTHER = "mother"
    FATHER = "father"
    SPOUSE = "spouse"
    CHILD = "child"


class ServiceKind(StrEnum):
    """Services given free of charge at the present address."""

    EXAMINATION = "examination"
    GYNAECOLOGICAL_CHECK = "gynaecological_check"
    PREPREGNANCY_CHECK = "prepregnancy_check"
    CONTRACEPTIVE_PROCEDURE = "contraceptive_procedure"
    COUNSELLING = "counselling"
    ANTENATAL_VISIT = "antenatal_visit"
    POSTNATAL_VISIT = "postnatal_visit"
    NEWBORN_VISIT = "newborn_visit"


def _entries(rows: Iterable[tuple[str | int, str, str]]) -> tuple[Entry, ...]:
    return tuple(Entry(str(code), zh, en) for code, zh, en in rows)


SEXES = CodeList(
    "sex",
    "GB/T 2261.1-2003",
    "性别",
    "sex",
    _entries(
        (
            (Sex.UNKNOWN, "未知的性别", "unknown"),
            (Sex.MALE, "男", "male"),
            (Sex.FEMALE, "女", "female"),
            (Sex.NOT_STATED, "未说明的性别", "not stated"),
        )
    ),
)
MARITAL_STATUSES = CodeList(
    "marital_status",
    "GB/T 2261.2-2003",
    "婚姻状况",
    "marital status",
    _entries(
        (
            (MaritalStatus.UNMARRIED, "未婚", "unmarried"),
            (MaritalStatus.MARRIED, "已婚", "married"),
            (MaritalStatus.FIRST_MARRIAGE, "初婚", "first marriage"),
            (MaritalStatus.REMARRIED, "再婚", "remarried"),
            (MaritalStatus.RESUMED, "复婚", "marriage resumed"),
            (MaritalStatus.WIDOWED, "丧偶", "widowed"),
            (MaritalStatus.DIVORCED, "离婚", "divorced"),
            (MaritalStatus.NOT_STATED, "未说明的婚姻状况", "not stated"),
        )
    ),
)
POPULATIONS = CodeList(
    "population",
    "2026-01-01",
    "人口口径",
    "population",
    _entries(
        (
            (Population.REGISTERED, "户籍人口", "registered"),
            (Population.RESIDENT, "常住人口", "usual residents"),
            (Population.MIGRANT_IN, "流入人口", "migrants in"),
            (Population.MIGRANT_OUT, "流出人口", "migrants out"),
        )
    ),
)
HOUSEHOLD_KINDS = CodeList(
    "household_kind",
    "2026-01-01",
    "户别",
    "household kind",
    _entries(
        (
            (HouseholdKind.FAMILY, "家庭户", "family household"),
            (HouseholdKind.COLLECTIVE, "集体户", "collective household"),
        )
    ),
)
MEMBERSHIP_KINDS = CodeList(
    "membership_kind",
    "2026-01-01",
    "入户方式",
    "kind of membership",
    _entries(
        (
            (MembershipKind.REGISTERED, "户籍成员", "registered member"),
            (MembershipKind.LIVING, "同住人员", "living there"),
        )
    ),
)
PLACE_KINDS = CodeList(
    "place_kind",
    "2026-01-01",
    "楼院类型",
    "kind of place",
    _entries(
        (
            (PlaceKind.GRID, "网格", "grid"),
            (PlaceKind.COURTYARD, "小区、院落", "courtyard"),
            (PlaceKind.BUILDING, "楼栋", "building"),
            (PlaceKind.RESIDENTS_GROUP, "居民小组", "residents' group"),
        )
    ),
)
UNMASK_PURPOSES = CodeList(
    "unmask_purpose",
    "2026-01-01",
    "明文查阅目的",
    "purpose of reading in the clear",
    _entries(
        (
            (UnmaskPurpose.DOCUMENT_CHECK, "核对本人证件", "compare with the person's document"),
            (UnmaskPurpose.CONTACT, "联系本人", "contact the person"),
            (UnmaskPurpose.CERTIFICATE, "办理证明", "issue a certificate"),
            (UnmaskPurpose.EXCHANGE, "与外区核实", "settle with another district"),
            (UnmaskPurpose.BENEFIT, "奖励扶助审核", "check a benefit"),
            (UnmaskPurpose.CORRECTION, "更正、合并记录", "put right or join records"),
            (UnmaskPurpose.PETITION, "信访办理", "handle a petition"),
        )
    ),
)
KIN_KINDS = CodeList(
    "kin_kind",
    "2026-01-01",
    "亲属",
    "relative",
    _entries(
        (
            (KinKind.MOTHER, "母亲", "mother"),
            (KinKind.FATHER, "父亲", "father"),
            (KinKind.SPOUSE, "配偶", "spouse"),
            (KinKind.CHILD, "子女", "child"),
        )
    ),
)
DOCUMENT_KINDS = CodeList(
    "document_kind",
    "2026-01-01",
    "证件类型",
    "document kind",
    _entries(
        (
            (DocumentKind.RESIDENT_ID, "居民身份证", "resident identity card"),
            (DocumentKind.PASSPORT, "护照", "passport"),
            (DocumentKind.BIRTH_CERTIFICATE, "出生医学证明", "birth certificate"),
            (DocumentKind.NONE, "暂无证件", "none yet"),
        )
    ),
)
SERVICE_KINDS = CodeList(
    "service_kind",
    "2026-01-01",
    "服务项目",
    "service kind",
    _entries(
        (
            (ServiceKind.EXAMINATION, "健康检查", "examination"),
            (ServiceKind.GYNAECOLOGICAL_CHECK, "妇科检查", "gynaecological check"),
            (ServiceKind.PREPREGNANCY_CHECK, "孕前优生健康检查", "pre-pregnancy check"),
            (ServiceKind.CONTRACEPTIVE_PROCEDURE, "避孕节育手术", "contraceptive procedure"),
            (ServiceKind.COUNSELLING, "咨询", "counselling"),
            (ServiceKind.ANTENATAL_VISIT, "产前访视", "antenatal visit"),
            (ServiceKind.POSTNATAL_VISIT, "产后访视", "postnatal visit"),
            (ServiceKind.NEWBORN_VISIT, "新生儿访视", "newborn visit"),
        )
    ),
)
