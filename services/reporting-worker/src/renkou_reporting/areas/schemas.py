"""What callers see of divisions."""

from datetime import date

from pydantic import BaseModel, Field

from renkou_common.codes.area import AreaCode, AreaLevel
from renkou_reporting.areas.domain import Division, Tree
from renkou_reporting.labels import Label


class AreaChangeAnswer(BaseModel):
    """A change that an area took part in: from the day on the one has territory of the other."""

    since: date
    area: str
    successor: str


class AreaAnswer(BaseModel):
    """A division."""

    code: str = Field(description="2, 4, 6, 9 or 12 digits")
    name: str
    level: int = Field(description="1 province, 2 prefecture, 3 county, 4 town, 5 village")
    level_name: Label
    parent: str | None
    valid_from: date | None
    valid_to: date | None = Field(description="last day; null while it lasts")
    changes: list[AreaChangeAnswer] = Field(description="what it took the place of, and what took its place")

    @classmethod
    def of(cls, tree: Tree, division: Division, name: str) -> "AreaAnswer":
        """Return the answer for a division under the name of the day asked for."""
        code, level = AreaCode(division.code), AreaLevel(division.level)
        changes = [each for each in tree.successions if division.key in (each.area, each.successor)]
        return cls(
            code=code.value,
            name=name,
            level=int(level),
            level_name=Label(zh=level.zh, en=level.en),
            parent=code.parent.value if code.parent else None,
            valid_from=division.valid_from,
            valid_to=division.valid_to,
            changes=[
                AreaChangeAnswer(
                    since=each.since,
                    area=AreaCode.from_key(each.area).value,
                    successor=AreaCode.from_key(each.successor).value,
                )
                for each in sorted(changes)
            ],
        )


class AreaList(BaseModel):
    """An area and the areas below it that exist on a day."""

    on: date
    items: list[AreaAnswer]
