"""What callers send and get about purposes."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from renkou_registry.fields import NotEmpty, Reason

Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,39}$")]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=300)]
Covers = Annotated[
    list[Annotated[str, StringConstraints(max_length=80)]],
    Field(max_length=200, description="`record:<table>`, `export:<list>`, `notice:<kind>`"),
]
ActiveTo = Annotated[date | None, Field(description="the first day without it; null: no end")]


class BasisOut(BaseModel):
    """A legal basis (法律依据)."""

    code: str
    articles: str = Field(examples=["《个人信息保护法》第十三条第一款第三项、第三十四条"])
    zh: str
    en: str
    is_consent: bool = Field(description="whether it is the person's consent, which can be withdrawn")


class BasisCreate(BaseModel):
    """A further legal basis, such as a province's regulation."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "code": "province_regulation",
                    "articles": "《某省人口与计划生育条例》第十条",
                    "zh": "省条例规定的登记",
                    "en": "registration under the province's regulation",
                }
            ]
        },
    )

    code: Code
    articles: Words
    zh: Words
    en: Words
    is_consent: bool = Field(default=False, strict=True)


class Bases(BaseModel):
    """Every legal basis."""

    items: list[BasisOut]


class PurposeOut(BaseModel):
    """A purpose of processing (处理目的) with its legal basis."""

    code: str
    zh: str
    en: str
    basis: BasisOut
    sensitive: bool = Field(description="sensitive personal information is processed for it (article 28)")
    needs_separate_consent: bool = Field(description="article 29")
    consent: str | None = Field(description="the consent that is needed: /me/consents")
    covers: list[str]
    active_from: date
    active_to: date | None = Field(description="the first day without it")
    in_force: bool = Field(description="today")
    version: int


class Purposes(BaseModel):
    """Purposes by code."""

    items: list[PurposeOut]


class PurposeCreate(BaseModel):
    """A further purpose."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "code": "census_help",
                    "zh": "协助人口普查核对名册",
                    "en": "help the census to check its rolls",
                    "basis": "duty",
                    "covers": ["export:persons"],
                    "active_from": "2030-09-01",
                    "reason": "普查办来函",
                }
            ]
        },
    )

    code: Code
    zh: Words
    en: Words
    basis: Code
    sensitive: bool = Field(default=False, strict=True)
    needs_separate_consent: bool = Field(default=False, strict=True)
    consent: Code | None = None
    covers: Covers
    active_from: date
    active_to: ActiveTo = None
    reason: Reason


class PurposePatch(BaseModel):
    """What is different; with `active_to` a purpose ends. Its code and first day stay."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"active_to": "2026-01-01", "reason": "协议终止"}]},
    )

    zh: Annotated[Words | None, NotEmpty] = None
    en: Annotated[Words | None, NotEmpty] = None
    basis: Annotated[Code | None, NotEmpty] = None
    sensitive: Annotated[bool | None, Field(strict=True), NotEmpty] = None
    needs_separate_consent: Annotated[bool | None, Field(strict=True), NotEmpty] = None
    consent: Code | None = None
    covers: Annotated[Covers | None, NotEmpty] = None
    active_to: ActiveTo = None
    reason: Reason


class PurposeVersionOut(BaseModel):
    """How a purpose stood from a time on."""

    version: int
    content: dict[str, Any]
    reason: str
    changed_at: datetime
    changed_by: UUID | None = Field(description="null for the first catalogue")


class PurposeVersions(BaseModel):
    """Versions, the newest first."""

    items: list[PurposeVersionOut]
