"""What callers get about code lists."""

from datetime import date

from pydantic import BaseModel, Field


class CodeEntry(BaseModel):
    """One code."""

    code: str = Field(examples=["1"])
    zh: str = Field(examples=["男"])
    en: str = Field(examples=["male"])


class CodeListSummary(BaseModel):
    """A code list (码表) in its present version."""

    id: str = Field(examples=["sex"])
    version: str = Field(examples=["GB/T 2261.1-2003"])
    valid_from: date | None = Field(description="null: since the register began")
    valid_to: date | None = Field(description="null: still valid")
    zh: str
    en: str
    versions: list[str] = Field(description="every version that can be asked for, the present one last")


class CodeListOut(CodeListSummary):
    """A code list with its codes in the order of the standard."""

    entries: list[CodeEntry]


class CodeLists(BaseModel):
    """Every code list."""

    items: list[CodeListSummary]
