"""What callers send and get about products, specifications and points."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from renkou_common.codes.offices import SupplyKind, SupplyPointKind
from renkou_registry.fields import AreaIn, NotEmpty, Street
from renkou_registry.supplies.fields import ShortText

ProductCode = Annotated[
    str,
    StringConstraints(strip_whitespace=True, pattern=r"^[A-Za-z0-9-]{1,40}$"),
    Field(examples=["BYT-01"]),
]
_ID = "0197f000-0000-7000-8000-000000000001"


class ProductCreate(BaseModel):
    """A product (品种)."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"code": "BYT-01", "name": "天然胶乳避孕套", "kind": "condom"}]},
    )

    code: ProductCode
    name: ShortText
    kind: SupplyKind


class ProductPatch(BaseModel):
    """What to change; what is left out stays."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"name": "避孕套"}]})

    name: Annotated[ShortText | None, NotEmpty] = None
    kind: Annotated[SupplyKind | None, NotEmpty] = None


class SpecificationCreate(BaseModel):
    """A specification (规格) and the unit in which its stock is counted."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"name": "中号 10 只装", "unit": "盒"}]}
    )

    name: ShortText
    unit: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=10)]


class SpecificationOut(BaseModel):
    """A specification with its product's names."""

    id: UUID
    product_id: UUID
    product_code: str
    product_name: str
    name: str
    unit: str


class ProductOut(BaseModel):
    """A product with its specifications."""

    id: UUID
    code: str
    name: str
    kind: str
    kind_label: str
    ended_on: date | None
    version: int
    specifications: list[SpecificationOut]


class ProductPage(BaseModel):
    """A page of products."""

    items: list[ProductOut]
    next: str | None = Field(description="cursor of the next page; null on the last")


class PointCreate(BaseModel):
    """A distribution point (发放点); ``area`` of any level within the district."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "name": "三孝口社区发放点",
                    "kind": "community",
                    "area": "340103001001",
                    "place": "安庆路 1 号",
                }
            ]
        },
    )

    name: ShortText
    kind: SupplyPointKind
    area: AreaIn
    place: Street | None = None


class PointPatch(BaseModel):
    """What to change; what is left out stays, null clears."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"place": "安庆路 3 号"}]})

    name: Annotated[ShortText | None, NotEmpty] = None
    kind: Annotated[SupplyPointKind | None, NotEmpty] = None
    place: Street | None = None


class PointOut(BaseModel):
    """A distribution point."""

    id: UUID
    name: str
    kind: str
    kind_label: str
    area: str
    place: str | None
    ended_on: date | None
    version: int
    recorded_at: datetime


class PointPage(BaseModel):
    """A page of points."""

    items: list[PointOut]
    next: str | None = Field(description="cursor of the next page; null on the last")


class LevelSet(BaseModel):
    """Below how much usable stock of a specification a point is to order again; 0 ends the reminder."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"specification_id": _ID, "level": 200}]}
    )

    specification_id: UUID
    level: int = Field(strict=True, ge=0, le=10_000_000)


class LevelOut(BaseModel):
    """A reorder level."""

    point_id: UUID
    specification_id: UUID
    level: int
