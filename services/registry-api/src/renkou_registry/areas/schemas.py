"""What callers get about areas."""

from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from renkou_registry.areas.domain import AreaRecord


class AreaName(BaseModel):
    """A code with its name."""

    code: str
    name: str


class AreaOut(BaseModel):
    """A division (行政区划)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "code": "340103",
                    "name": "庐阳区",
                    "level": 3,
                    "level_name": "县/区",
                    "kind": "县/区",
                    "valid_from": None,
                    "valid_to": None,
                    "successor": None,
                }
            ]
        }
    )

    code: str = Field(description="2, 4, 6, 9 or 12 digits")
    name: str
    level: int = Field(description="1 province, 2 prefecture, 3 county, 4 town, 5 village")
    level_name: str
    kind: str = Field(description="街道, 镇, 乡, 社区, 村, 其他, or the level's name")
    valid_from: date | None = Field(description="null: before the list's cut-off, 2023-06-30")
    valid_to: date | None
    successor: str | None

    @classmethod
    def of(cls, record: AreaRecord) -> "AreaOut":
        """Return the answer for a division."""
        return cls.model_validate(_values(record))


class AreaDetail(AreaOut):
    """A division with everything above it, province first."""

    chain: list[AreaName]
    full_name: str = Field(examples=["安徽省合肥市庐阳区"])
    valid: bool = Field(description="whether it exists on the day asked about")
    successors: list[AreaName] = Field(description="what took its place, where it ended")

    @classmethod
    def of_chain(cls, records: list[AreaRecord], on: date, successors: list[tuple[str, str]]) -> "AreaDetail":
        """Return the answer for the last of the records; the others are those above it."""
        names = [AreaName(code=each.code.value, name=each.name) for each in records]
        more = {
            "chain": names,
            "full_name": "".join(each.name for each in records),
            "valid": records[-1].valid_on(on),
            "successors": [AreaName(code=code, name=name) for code, name in successors],
        }
        return cls.model_validate({**_values(records[-1]), **more})


class AreaPage(BaseModel):
    """A page of divisions by code."""

    items: list[AreaOut]
    next: str | None = Field(description="cursor of the next page; null on the last")


def _values(record: AreaRecord) -> dict[str, object]:
    return {
        "code": record.code.value,
        "name": record.name,
        "level": int(record.code.level),
        "level_name": record.code.level.zh,
        "kind": record.code.kind[0],
        "valid_from": record.valid_from,
        "valid_to": record.valid_to,
        "successor": record.successor.value if record.successor else None,
    }
