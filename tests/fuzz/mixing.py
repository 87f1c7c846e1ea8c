"""Further requests out of those that were made up: each part of one from another."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from schemathesis import Case

_ANOTHERS = 0.25  # of a body's members


@dataclass(frozen=True)
class Parts:
    """A request as it was made up, before anything real was put into it."""

    path: Mapping[str, Any]
    query: Mapping[str, Any]
    headers: Mapping[str, Any]
    body: Any
    media_type: str | None

    @staticmethod
    def of(case: Case[Any]) -> "Parts":
        """Return the parts of a case; what is done to the case later does not change them."""
        return Parts(
            dict(case.path_parameters or {}),
            dict(case.query or {}),
            dict(case.headers or {}),
            _copied(case.body),
            case.media_type,
        )


def mixed(operation: Any, made: list[Parts], random: Random) -> Case[Any]:
    """Return a request of an operation whose parts come from any of those made up for it so far."""
    body = random.choice(made)
    found: Case[Any] = operation.Case(
        path_parameters=dict(random.choice(made).path),
        query=_query(random.choice(made).query, random.choice(made).query, random),
        headers=dict(random.choice(made).headers),
        body=_body(body, random.choice(made), random),
        media_type=body.media_type,
    )
    return found


def _query(one: Mapping[str, Any], other: Mapping[str, Any], random: Random) -> dict[str, Any]:
    return {name: random.choice([one, other]).get(name, value) for name, value in {**other, **one}.items()}


def _body(one: Parts, other: Parts, random: Random) -> Any:
    body = _copied(one.body)
    if isinstance(body, dict) and isinstance(other.body, dict) and one.media_type == other.media_type:
        for name, value in other.body.items():
            if random.random() < _ANOTHERS:
                body[name] = copy.deepcopy(value)
    return body


def _copied(body: Any) -> Any:
    """Return a copy of a JSON body; the mark of no body must stay what it is."""
    return copy.deepcopy(body) if isinstance(body, dict | list) else body
