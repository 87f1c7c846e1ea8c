"""Events of duplicates: a record that joined another, and one that is separate again."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from renkou_common.contracts.lines import AreaText, BirthMonth
from renkou_common.contracts.registry import PersonEvent


class RecordKept(BaseModel):
    """The record that stays, as other services of the node need it to let what is theirs follow.

    ``person_id`` is how callers of their APIs name the person; it is random and says nothing.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    person_id: UUID
    sex: int = Field(ge=0, le=9)
    birth_month: BirthMonth
    registered_area: AreaText


class PersonMerged(PersonEvent):
    """The record of ``person_ref`` left the register because ``kept_ref`` stands for the same person.

    The lines reverse what it had contributed.
    """

    kept_ref: UUID
    kept: RecordKept | None = Field(default=None, description="null in events published before it was told")
    facts_differ: list[str] = Field(
        default_factory=list, description="facts of a certificate in which the records differ, by name alone"
    )


class PersonSeparated(PersonEvent):
    """A record that had joined another stands for itself again; the lines state it anew."""
