"""Published figures as callers see them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from renkou_common.contracts.lines import Population
from renkou_reporting.labels import Label

MAX_WAIT = 25
"""So many seconds a request for what comes next may wait for it."""


class FigureRow(BaseModel):
    """A figure as it was published; a small one shows no number."""

    area: str
    population: Population
    indicator: str
    dims: str = Field(description="sex=1, parity=3+, ages=0-14 or detail=...; empty: all")
    numerator: str | None = Field(description="exact decimals, or p/q where they never end")
    denominator: str | None
    value: str | None
    reason: str | None = Field(
        description="no_denominator, negative_denominator, nothing_before, boundaries, returns_missing (none of the "
        "returns that count it was signed), no_return (none was due) or suppressed"
    )


class Override(BaseModel):
    """A check that did not hold, what it found, and the second signer's reason."""

    check: str
    findings: list[Label]
    by: UUID
    reason: str


class VersionHead(BaseModel):
    """A published version: of what, who signed, where the feeds stood."""

    number: int = Field(description="place in the feed of published versions")
    area: str
    period: str
    version: int
    hash: str = Field(description="SHA-256 of the signed document")
    first_signed_by: UUID
    first_signed_at: datetime
    second_signed_by: UUID
    second_signed_at: datetime
    reason: str
    positions: dict[str, int]
    overrides: list[Override] = Field(
        description="checks that did not hold, and why it was published all the same"
    )


class VersionPage(BaseModel):
    """A page of versions, the newest first."""

    items: list[VersionHead]
    next_after: str | None


class AccountRow(BaseModel):
    """A population account: opening + entered + born - died + in - out = closing; small parts are hidden."""

    area: str
    population: Population
    parts: dict[str, int | None]


class VersionAnswer(VersionHead):
    """A version's figures of an area and everything below it."""

    definitions: dict[str, Any] = Field(description="definitions that the figures follow, by code")
    items: list[FigureRow]
    accounts: list[AccountRow]


class DifferenceRow(BaseModel):
    """What a restatement changed, and the events that could have changed it: runs of numbers by feed."""

    area: str
    population: Population
    indicator: str
    dims: str
    before: dict[str, str | None] | None
    after: dict[str, str | None] | None
    definition_changed: bool
    events: dict[str, list[list[int]]]


class DifferenceList(BaseModel):
    """Everything that a version changed against the one before."""

    version: int
    reason: str
    items: list[DifferenceRow]


class SignedDocument(BaseModel):
    """A flattened JWS (RFC 7515, section 7.2.2) over the canonical document."""

    payload: str
    protected: str
    signature: str


class FeedItem(BaseModel):
    """A signed version under its number."""

    number: int
    document: SignedDocument


class FeedPage(BaseModel):
    """Signed versions in the order of their numbers; ``next_after`` goes on from here, now or later."""

    items: list[FeedItem]
    next_after: int


class VersionsQuestion(BaseModel):
    """Which versions."""

    model_config = ConfigDict(extra="forbid")

    period: str | None = None
    after: str | None = None
    limit: int = Field(default=50, ge=1, le=200)


class VersionQuestion(BaseModel):
    """Which of a version's figures."""

    model_config = ConfigDict(extra="forbid")

    area: str | None = Field(default=None, description="an area code; the district where none is given")
    population: Population | None = None
    indicator: str | None = Field(default=None, max_length=60)


class FeedQuestion(BaseModel):
    """From where on."""

    model_config = ConfigDict(extra="forbid")

    after: int = Field(default=0, ge=0, lt=2**62, description="number of the last version that is known")
    limit: int = Field(default=10, ge=1, le=50)
    wait: int = Field(
        default=0, ge=0, le=MAX_WAIT, description="seconds to wait for a version where there is none yet"
    )
