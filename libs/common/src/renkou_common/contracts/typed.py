"""Payloads whose values are typed already: an import makes millions, and validating takes longest of all."""

from functools import cache
from typing import Any

from pydantic import BaseModel


def typed[M: BaseModel](model: type[M], members: dict[str, Any]) -> M:
    """Return a payload with these members, all of the model's and of the right types; nothing is checked."""
    made = model.__new__(model)
    object.__setattr__(made, "__dict__", members)
    object.__setattr__(made, "__pydantic_fields_set__", _names(model))
    object.__setattr__(made, "__pydantic_extra__", None)
    object.__setattr__(made, "__pydantic_private__", None)
    return made


@cache
def _names(model: type[BaseModel]) -> set[str]:
    """Return the names of all members; one set for all payloads of a model."""
    return set(model.model_fields)
