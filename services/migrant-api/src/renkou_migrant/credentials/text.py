"""A certificate as lines of text, Chinese and English side by side, for a screen, a print or a reader.

Only what was disclosed appears. A group that is not shown has no line: its absence says nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from renkou_migrant.credentials import sdjwt
from renkou_migrant.credentials.groups import SEX_TEXTS, Group
from renkou_migrant.credentials.sdjwt import Certificate

TITLE_ZH = "流动人口婚育证明"
TITLE_EN = "Certificate of Marriage and Childbearing"
VOLUNTARY_ZH = "持有人自愿使用，不是就业、租房、就学、办理任何事项的条件。"
VOLUNTARY_EN = "Its use is voluntary and no condition of work, housing, schooling or any service."
_CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class Line:
    """One statement with its label in both languages; a name or a date has the same value in both."""

    label_zh: str
    label_en: str
    value_zh: str
    value_en: str

    @property
    def value(self) -> str:
        """Both values, once if they are equal."""
        return self.value_zh if self.value_zh == self.value_en else f"{self.value_zh} {self.value_en}"

    def __str__(self) -> str:
        return f"{self.label_zh} {self.label_en}: {self.value}"


def read_unverified(presentation: str) -> Certificate:
    """What a presentation says, for showing one's own certificate. The signature is not verified.

    Raises ``CredentialError`` as ``sdjwt.parse`` and ``sdjwt.read`` do.
    """
    return sdjwt.read(sdjwt.parse(presentation))


def disclosed_lines(certificate: Certificate) -> list[Line]:
    """The lines of the groups that are shown, in the order of ``Group``."""
    lines: list[Line] = []
    for group, value in certificate.groups.items():
        lines.extend(_GROUP_LINES[group](value))
    return lines


def issue_lines(certificate: Certificate, district_names: Mapping[str, tuple[str, str]]) -> list[Line]:
    """Issuer, dates and status reference. ``district_names`` maps a code to its Chinese and English name.

    A district that is known by its code alone, or in Chinese alone, is named once.
    """
    code = certificate.district
    zh, en = ("" if name == code else name for name in district_names.get(code, ("", "")))
    issuer = f"{zh} {code}".strip()
    last_day = china_day(certificate.expires_at - 1)
    return [
        Line("签发地", "Issued by", issuer, en or issuer),
        Line("签发日期", "Issued on", *_both(china_day(certificate.issued_at))),
        Line("有效期至", "Valid until", *_both(last_day)),
        Line("状态序号", "Status reference", *_both(f"{certificate.status_uri}#{certificate.status_index}")),
    ]


def describe(certificate: Certificate, district_names: Mapping[str, tuple[str, str]] | None = None) -> str:
    """The whole certificate as text, a line per statement, ending with the note that it is voluntary."""
    names = district_names or {}
    lines = [f"{TITLE_ZH} {TITLE_EN}"]
    lines += [str(line) for line in disclosed_lines(certificate) + issue_lines(certificate, names)]
    return "\n".join([*lines, f"{VOLUNTARY_ZH} {VOLUNTARY_EN}"]) + "\n"


def china_day(seconds: int) -> str:
    """The day of an instant in China, ``YYYY-MM-DD``."""
    return datetime.fromtimestamp(seconds, UTC).astimezone(_CHINA).date().isoformat()


def _both(value: str) -> tuple[str, str]:
    return value, value


def _person(value: Any) -> list[Line]:
    sex_zh, sex_en = SEX_TEXTS[value["sex"]]
    return [
        Line("姓名", "Name", *_both(value["name"])),
        Line("性别", "Sex", sex_zh, sex_en),
        Line("出生日期", "Date of birth", *_both(value["birth_date"])),
    ]


def _id_number(value: Any) -> list[Line]:
    return [Line(Group.ID_NUMBER.zh, Group.ID_NUMBER.en, *_both(value))]


def _registered_area(value: Any) -> list[Line]:
    text = f"{value['name']} {value['code']}"
    return [Line(Group.REGISTERED_AREA.zh, Group.REGISTERED_AREA.en, *_both(text))]


def _marital_status(value: Any) -> list[Line]:
    return [Line(Group.MARITAL_STATUS.zh, Group.MARITAL_STATUS.en, value["zh"], value["en"])]


def _children_count(value: Any) -> list[Line]:
    return [Line(Group.CHILDREN_COUNT.zh, Group.CHILDREN_COUNT.en, *_both(str(value)))]


def _children_birth_dates(value: Any) -> list[Line]:
    texts = _both(", ".join(value)) if value else ("无", "none")
    return [Line(Group.CHILDREN_BIRTH_DATES.zh, Group.CHILDREN_BIRTH_DATES.en, *texts)]


_GROUP_LINES = {
    Group.PERSON: _person,
    Group.ID_NUMBER: _id_number,
    Group.REGISTERED_AREA: _registered_area,
    Group.MARITAL_STATUS: _marital_status,
    Group.CHILDREN_COUNT: _children_count,
    Group.CHILDREN_BIRTH_DATES: _children_birth_dates,
}
