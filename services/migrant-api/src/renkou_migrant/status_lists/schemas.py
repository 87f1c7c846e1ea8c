"""Answers about status lists."""

from datetime import datetime

from pydantic import BaseModel, Field


class VerificationMaterial(BaseModel):
    """Everything a verifier needs to check certificates without a network, as signed."""

    trust_list: str | None = Field(
        description="compact JWS of the anchor; null before the first was accepted"
    )
    status_lists: list[str] = Field(description="compact JWS each: this district's lists and its partners'")
    generated_at: datetime
