"""From rows to answers: health facts are masked unless they were opened for a purpose."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Literal

from renkou_common.codes.cards import CARD_CLOSINGS, CARD_STATES, CONTRACEPTIVE_METHODS
from renkou_common.codes.lists import MARITAL_STATUSES
from renkou_registry.cards.domain import is_asked
from renkou_registry.cards.facts import Fact
from renkou_registry.cards.repository import Row
from renkou_registry.cards.schemas import CardOut, CardSummary, FactOut
from renkou_registry.fields import area_code
from renkou_registry.runtime import Runtime

_SUMMARY = (
    "id",
    "person_id",
    "name",
    "birth_date",
    "state",
    "closed_reason",
    "visits_declined_on",
    "version",
)
_WHOLE = (
    "population",
    "opened_on",
    "closed_on",
    "marital_status",
    "children_count",
    "registered_street",
    "present_street",
    "present_since",
    "recorded_at",
)


def number(runtime: Runtime, serial: int) -> str:
    """Return a card's number: the district and a running number."""
    return f"{runtime.district.value}-{serial:08d}"


def _contraception(row: Row) -> Literal["told", "not_told", "not_asked"]:
    if row["method_told"]:
        return "told"
    return "not_told" if is_asked(row["marital_status"]) else "not_asked"


def _summary(runtime: Runtime, row: Row) -> dict[str, Any]:
    reason = row["closed_reason"]
    return {name: row[name] for name in _SUMMARY} | {
        "number": number(runtime, row["serial"]),
        "area": area_code(row["area"]),
        "present_area": area_code(row["present_area"]),
        "state_label": CARD_STATES.entry(row["state"]).zh,
        "closed_reason_label": CARD_CLOSINGS.entry(reason).zh if reason else None,
        "contraception": _contraception(row),
        "expected_delivery": "told" if row["expected_told"] else "not_told",
    }


def summary(runtime: Runtime, row: Row) -> CardSummary:
    """Return a card as lists show it."""
    return CardSummary(**_summary(runtime, row))


def card(runtime: Runtime, row: Row, children: Sequence[date], facts: Sequence[FactOut]) -> CardOut:
    """Return a whole card."""
    return CardOut(
        **_summary(runtime, row),
        **{name: row[name] for name in _WHOLE},
        marital_status_label=MARITAL_STATUSES.entry(row["marital_status"]).zh,
        registered_area=area_code(row["registered_area"]),
        children_birth_dates=list(children),
        facts=list(facts),
    )


def fact_masked(row: Row) -> FactOut:
    """Return that something was told, and when."""
    return FactOut(
        id=row["id"],
        kind=row["kind"],
        told_on=row["told_on"],
        current=row["current"],
        taken_back=row["taken_back_at"] is not None,
        confirmed_on=row["confirmed_on"],
    )


def fact(told: Fact) -> FactOut:
    """Return what was told in the clear."""
    method = told.method
    return FactOut(
        id=told.id,
        kind="method" if told.kind == "method" else "expected_delivery",
        told_on=told.told_on,
        current=told.current,
        taken_back=told.taken_back,
        confirmed_on=told.confirmed_on,
        method=method.method if method else None,
        method_label=CONTRACEPTIVE_METHODS.entry(method.method).zh if method else None,
        started_on=method.started_on if method else None,
        ended_on=method.ended_on if method else None,
        expected_on=told.expected_on,
    )
