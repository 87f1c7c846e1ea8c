"""Events of the supplies ledger and of the offices' registers; none says who received or asked."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from renkou_common.contracts.lines import AreaText, Line


class OfficeEvent(BaseModel):
    """What was done to a record: which, where, when, what, and the counts it changes."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    record_id: UUID
    area: AreaText
    happened_on: date
    action: str = Field(pattern=r"^[a-z_]{2,40}$", description="what was done")
    lines: list[Line] = Field(default_factory=list)


class SupplyCatalogueChanged(OfficeEvent):
    """A product or a specification of supplies was entered, changed or ended."""


class SupplyPointChanged(OfficeEvent):
    """A distribution point or one of its reorder levels was entered, changed or ended."""


class SupplyPosted(OfficeEvent):
    """A document was posted to the supplies ledger; a reversal takes its counts back."""


class SupplyTransferChanged(OfficeEvent):
    """Supplies were sent to another point, received there or called back."""


class SupplyCountChanged(OfficeEvent):
    """A stocktaking was entered, booked or rejected."""


class SupplyUserChanged(OfficeEvent):
    """Somebody asked for free supplies in a year, was reached, confirmed the use, or withdrew."""


class EmployerChanged(OfficeEvent):
    """An employer, one of its employees or its yearly responsibility statement was entered or changed."""


class RentalChanged(OfficeEvent):
    """A rented house, its tenants or its yearly agreement was entered or changed."""


class ActivityChanged(OfficeEvent):
    """An activity (publicity, training, free clinic) was entered, changed or cancelled."""


class PetitionChanged(OfficeEvent):
    """A petition was received, assigned, extended, replied to or closed."""


class SurveyChanged(OfficeEvent):
    """A survey was drafted, changed, opened or ended, or an anonymous answer came in."""


class BudgetChanged(OfficeEvent):
    """A budget line was entered or changed, or a spending was booked or reversed."""
