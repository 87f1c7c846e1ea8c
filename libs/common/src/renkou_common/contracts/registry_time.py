"""Events of the register about time and divisions. None carries a name, an ID number, a phone or a street."""

from datetime import date
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from renkou_common.contracts.lines import AreaText
from renkou_common.contracts.registry import PersonEvent


class DivorceRecorded(PersonEvent):
    """A divorce, once for each former spouse who is in the register; or the end of the marriage of somebody
    declared dead who came back after the spouse had remarried."""

    spouse_ref: UUID | None = None


class WidowhoodRecorded(PersonEvent):
    """Somebody's spouse died; follows from that death and is corrected and taken back with it."""

    spouse_ref: UUID | None = None


class AdoptionRecorded(PersonEvent):
    """An adoption; ``person_ref`` is the child's, the others are the parents from that day on."""

    mother_ref: UUID | None = None
    father_ref: UUID | None = None


class AddressChanged(PersonEvent):
    """Another street or building within the same community; no figure moves."""

    which: Literal["registered", "present"]


class PersonReassigned(PersonEvent):
    """A division changed and the person's record follows to the successor; nobody moved.

    The lines lead out of ``former_area`` and into its successor on one day: net zero for the district.
    """

    former_area: AreaText


class AreaSuccession(BaseModel):
    """A community that takes the place of others."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    area: AreaText
    title: str = Field(description="what the community is called; public")


class AreaHeirs(BaseModel):
    """Which divisions have the territory of one of the sources from the day on; itself where it goes on."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    area: AreaText
    successors: list[AreaText]


class AreaChanged(BaseModel):
    """Communities were split, merged, renamed or put under another subdistrict from a day on."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    change_id: UUID
    kind: Literal["split", "merge", "rename", "transfer"]
    effective_on: date
    sources: list[AreaText]
    ended: list[AreaText] = Field(description="those of the sources that exist no longer")
    successors: list[AreaSuccession]
    heirs: list[AreaHeirs] = Field(
        default=[], description="for each of the sources; none: all successors for each"
    )
