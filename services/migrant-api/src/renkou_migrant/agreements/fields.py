"""Paths of what a message carries: ``subject.name``, ``child.birth_date``, ``attachments.data``. No I/O.

A path names a leaf of the payload; members of list items have no index, as an agreement speaks of all of them.
A member that is null or an empty list is not carried.
"""

from collections.abc import Collection, Iterator, Mapping
from functools import cache
from typing import Any, TypeAliasType, get_args

from pydantic import BaseModel


@cache
def leaves(model: type[BaseModel]) -> Mapping[str, bool]:
    """Return the paths that a content model has, each with whether a content must carry it."""
    found: dict[str, bool] = {}
    for name, info in model.model_fields.items():
        part = _model_in(info.annotation)
        if part is None:
            found[name] = info.is_required()
        else:
            found |= {
                f"{name}.{path}": required and info.is_required() for path, required in leaves(part).items()
            }
    return found


def required(model: type[BaseModel]) -> frozenset[str]:
    """Return the paths that every content of a model carries."""
    return frozenset(path for path, needed in leaves(model).items() if needed)


def carried(content: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """Yield the path of each leaf that a content carries, in its order; one path may come several times."""
    for name, value in content.items():
        path = prefix + name
        if isinstance(value, Mapping):
            yield from carried(value, f"{path}.")
        elif isinstance(value, list):
            yield from _carried_by_items(value, path)
        elif value is not None:
            yield path


def beyond(content: Mapping[str, Any], allowed: Collection[str]) -> str | None:
    """Return the first path that a content carries and ``allowed`` does not hold, None where there is none."""
    return next((path for path in carried(content) if path not in allowed), None)


def reduced(content: Mapping[str, Any], allowed: Collection[str], prefix: str = "") -> dict[str, Any]:
    """Return a content without the leaves that are not allowed; a list with such a leaf is left out whole."""
    kept: dict[str, Any] = {}
    for name, value in content.items():
        path = prefix + name
        if isinstance(value, Mapping):
            kept[name] = reduced(value, allowed, f"{path}.")
        elif isinstance(value, list):
            if all(one in allowed for one in _carried_by_items(value, path)):
                kept[name] = value
        elif value is None or path in allowed:
            kept[name] = value
    return kept


def _carried_by_items(items: list[Any], path: str) -> Iterator[str]:
    for item in items:
        if isinstance(item, Mapping):
            yield from carried(item, f"{path}.")
        else:
            yield path


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, TypeAliasType):
        return _model_in(annotation.__value__)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None)
