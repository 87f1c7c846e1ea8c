"""An entry's content as it is hashed and exported. No I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from renkou_common.audit.chain import content_hash, instant_text


@dataclass(frozen=True, slots=True)
class Entry:
    """One reading or change, as the log holds it; every member is covered by the hash, in this order."""

    id: int
    at: datetime
    actor_id: UUID | None
    actor_kind: str
    actor_name: str
    acting_for: UUID | None
    session: str | None
    address: str | None
    agent: str | None
    trace_id: str | None
    purpose: str | None
    reason: str | None
    action: str
    what: str
    person_ids: tuple[UUID, ...]
    record_id: str | None
    version: int | None
    records: int
    fields: tuple[str, ...]

    @classmethod
    def of(cls, row: Any) -> Self:
        """Read a row of the table, any mapping of its columns."""
        values = {name: row[name] for name in COLUMNS}
        values["person_ids"], values["fields"] = tuple(row["person_ids"]), tuple(row["fields"])
        return cls(**values)

    @classmethod
    def from_members(cls, members: Mapping[str, Any]) -> Self:
        """Read an exported entry; raises ValueError, KeyError or TypeError for anything else."""
        if members.keys() != set(COLUMNS):
            raise ValueError("members missing or unknown")
        values = dict(members)
        values["at"] = datetime.fromisoformat(values["at"])
        for name in ("actor_id", "acting_for"):
            values[name] = None if values[name] is None else UUID(values[name])
        values["person_ids"] = tuple(UUID(each) for each in values["person_ids"])
        values["fields"] = tuple(values["fields"])
        entry = cls(**values)
        if entry.members() != dict(members):
            raise ValueError("not written as exports are")
        return entry

    def members(self) -> dict[str, Any]:
        """Return the entry as it is exported."""
        found = {name: getattr(self, name) for name in COLUMNS}
        found["at"] = instant_text(self.at)
        for name in ("actor_id", "acting_for"):
            found[name] = None if found[name] is None else str(found[name])
        return found | {"person_ids": [str(each) for each in self.person_ids], "fields": list(self.fields)}

    def hash(self) -> bytes:
        """Return the hash of the content."""
        return content_hash([_text(value) for value in self.members().values()])


COLUMNS = tuple(field.name for field in fields(Entry))


def _text(value: Any) -> str | None:
    if isinstance(value, list):
        return ",".join(str(each).replace("\\", "\\\\").replace(",", "\\,") for each in value)
    return None if value is None else str(value)
