"""What staff send and get about a person's consents."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from renkou_registry.consents.domain import ConsentPurpose, How


class ConsentNoted(BaseModel):
    """What a person told a worker."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"purpose": "contact_by_phone", "given": True, "how": "paper"}]},
    )

    purpose: ConsentPurpose
    given: bool = Field(strict=True, description="given or withdrawn")
    how: Literal[How.IN_PERSON, How.PAPER] = Field(description="当面 or 书面")


class ConsentChangeOut(BaseModel):
    """A consent given or withdrawn."""

    id: UUID
    purpose: ConsentPurpose
    text_zh: str
    text_en: str
    given: bool
    how: How
    changed_at: datetime
    changed_by: UUID = Field(description="the worker, or the person's account")


class ConsentHistory(BaseModel):
    """Which consents stand, and how each was given and withdrawn, the last first."""

    in_force: list[ConsentPurpose]
    items: list[ConsentChangeOut]
