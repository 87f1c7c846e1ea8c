"""The register's own counts."""

from datetime import date

from pydantic import BaseModel, Field

from renkou_common.contracts.lines import Population


class AreaStock(BaseModel):
    """How many people of a population an area has."""

    population: Population
    area: str = Field(description="12-digit code", examples=["340103001001"])
    people: int


class StockAnswer(BaseModel):
    """The counts of a day, as the register knows it, with all events up to ``head``."""

    on: date
    head: int = Field(description="last number of the feed that these counts contain")
    unnumbered: int = Field(description="events that these counts contain besides and have no number yet")
    items: list[AreaStock]
