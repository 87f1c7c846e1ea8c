"""One thing that was checked: what was looked at, how much of it, and what was wrong."""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Check:
    """``looked_at`` counts what was compared; nothing looked at proves nothing, so it has to be more than none."""

    zh: str
    en: str
    looked_at: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether something was looked at and nothing was wrong."""
        return self.looked_at > 0 and not self.wrong

    def as_json(self) -> dict[str, Any]:
        """The check as chaos.json has it, with the first of what is wrong."""
        return {
            "zh": self.zh,
            "en": self.en,
            "looked_at": self.looked_at,
            "wrong": len(self.wrong),
            "first_wrong": self.wrong[:5],
            "holds": self.holds,
        }
