"""The register's own counts of a day."""

from datetime import date

from renkou_common.codes.area import AreaCode
from renkou_common.database import Transaction
from renkou_registry.stock import repository
from renkou_registry.stock.schemas import AreaStock, StockAnswer


async def stock(tx: Transaction, district: AreaCode, on: date) -> StockAnswer:
    """Return the people of each area and population at the end of a day, and up to which event that is.

    Counts and number are of one moment; ``tx`` has read nothing yet and sees the whole district.
    """
    await repository.one_snapshot(tx)
    rows = await repository.stock(tx, on, *district.interval())
    head, unnumbered = await repository.numbered(tx)
    return StockAnswer(
        on=on,
        head=head,
        unnumbered=unnumbered,
        items=[
            AreaStock(
                population=row["population"],
                area=AreaCode.from_key(row["area"]).value.ljust(12, "0"),
                people=row["people"],
            )
            for row in rows
        ],
    )
