"""Example definitions that come with the program, proposed like any other.

They show how a scheme is written. Conditions, amounts and dates are from general knowledge and were checked
against no published rule, so they cite none: an office replaces them by its own before it activates a scheme.
"""

import json
from datetime import date
from importlib.resources import files

from renkou_registry.benefits.schemes.service import Proposal

NAMES = ("dusheng_jiangli", "jiangli_fuzhu", "tebie_fuzhu_died", "tebie_fuzhu_disabled", "yuer_butie")


def sample(name: str) -> tuple[str, Proposal]:
    """Return the code and the proposal of a sample; raises FileNotFoundError for another name."""
    text = (files(__package__) / "samples" / f"{name}.json").read_text(encoding="utf-8")
    content = json.loads(text)
    valid_to = content["valid_to"]
    return content["code"], Proposal(
        name_zh=content["name_zh"],
        name_en=content["name_en"],
        legal_basis=content["legal_basis"],
        source=content["source"],
        valid_from=date.fromisoformat(content["valid_from"]),
        valid_to=date.fromisoformat(valid_to) if valid_to else None,
        definition=content["definition"],
    )
