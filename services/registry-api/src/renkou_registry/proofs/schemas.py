"""What callers send and get to verify a printed proof."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints


class VerificationRequest(BaseModel):
    """Number and code as printed."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"number": "SY-340103-2026-0000123", "code": "0A1B-2C3D-4E5F-6071-8293"}]
        },
    )

    number: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
    code: Annotated[str, StringConstraints(strip_whitespace=True, max_length=40)] = Field(
        description="核验码, case and hyphens as one likes"
    )


class Verification(BaseModel):
    """Whether the page agrees with the record as it stands today; nothing else is told."""

    agrees: bool
