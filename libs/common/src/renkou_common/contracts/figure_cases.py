"""Cases behind a figure: which events they are asked by, and what for. The same in every service."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

MAX_CASES = 200


class FigureCasePurpose(StrEnum):
    """What the cases behind a figure may be read for; stands in the log of readings."""

    VERIFICATION = "figure_verification"  # 核对统计数字
    RESTATEMENT = "figure_restatement"  # 更正已公布的统计数字


class FigureCasesRequest(BaseModel):
    """Whose cases: events of this service's feed, as facts name them."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"event_ids": ["0198f3a2-5d1c-7e44-9b1a-0c2f6a7d8e90"], "purpose": "figure_verification"}
            ]
        },
    )

    event_ids: Annotated[list[UUID], Field(min_length=1, max_length=MAX_CASES)]
    purpose: FigureCasePurpose


class FigurePersonsRequest(BaseModel):
    """Which persons a record of another service is about."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"person_ids": ["0198f3a2-5d1c-7e44-9b1a-0c2f6a7d8e90"], "purpose": "figure_verification"}
            ]
        },
    )

    person_ids: Annotated[list[UUID], Field(min_length=1, max_length=MAX_CASES)]
    purpose: FigureCasePurpose
