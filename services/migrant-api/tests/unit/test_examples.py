"""The examples in the OpenAPI document are requests that can be sent."""

import importlib
import pkgutil
from typing import Any

import pytest
from pydantic import BaseModel

import renkou_migrant


def _examples() -> list[tuple[type[BaseModel], dict[str, Any]]]:
    """Every example of every model that takes a request, with its model."""
    found: list[tuple[type[BaseModel], dict[str, Any]]] = []
    for module in pkgutil.walk_packages(renkou_migrant.__path__, "renkou_migrant."):
        if not module.name.endswith(".schemas"):
            continue
        for one in vars(importlib.import_module(module.name)).values():
            if not isinstance(one, type) or not issubclass(one, BaseModel) or one.__module__ != module.name:
                continue
            if one.model_config.get("extra") == "forbid":
                found += [(one, example) for example in one.model_json_schema().get("examples", [])]
    return found


@pytest.mark.parametrize(
    ("model", "example"), [pytest.param(*each, id=each[0].__name__) for each in _examples()]
)
def test_an_example_is_a_request_that_can_be_sent(model: type[BaseModel], example: dict[str, Any]) -> None:
    model.model_validate(example)
