"""Only-child parents' honour certificates (独生子女父母光荣证). No I/O.

    valid ──> replaced (lost or damaged; another one stands for it)
      └────> cancelled

Existing holders keep theirs. None is issued, entered or replaced for a child born from 2016 on: the honour
ended with the amended Population and Family Planning Law (人口与计划生育法) in force from 2016-01-01.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from uuid import UUID

from renkou_common.codes.maternal import HONOUR_KINDS, HONOUR_STATES
from renkou_common.errors import Conflict


class Kind(StrEnum):
    """How a certificate came into the register."""

    EXISTING = "existing"  # 原有证件录入
    ISSUED = "issued"  # 新发
    REPLACEMENT = "replacement"  # 补发


class State(StrEnum):
    """Where a certificate stands."""

    VALID = "valid"  # 有效
    REPLACED = "replaced"  # 已补发
    CANCELLED = "cancelled"  # 已注销


class CancelReason(StrEnum):
    """Why a certificate was cancelled."""

    AT_REQUEST = "at_request"  # 持证人申请
    ERROR = "error"  # 登记有误
    NO_LONGER_ONLY_CHILD = "no_longer_only_child"  # 持证人申报再生育并交回


class LossReason(StrEnum):
    """Why a certificate is replaced."""

    LOST = "lost"  # 遗失
    DAMAGED = "damaged"  # 损坏


KIND_LABELS = {kind: HONOUR_KINDS.entry(kind).zh for kind in Kind}
STATE_LABELS = {state: HONOUR_STATES.entry(state).zh for state in State}


@dataclass(frozen=True, slots=True)
class Rules:
    """What the law fixes; ``last_birth`` is the last birth date for which a certificate can stand."""

    last_birth: date = date(2015, 12, 31)


@dataclass(frozen=True, slots=True)
class Holder:
    """A parent as far as the rules need it; ``sex`` GB/T 2261.1."""

    id: UUID
    sex: int
    children_count: int


@dataclass(frozen=True, slots=True)
class Child:
    """The child as far as the rules need it."""

    id: UUID
    born: date
    mother_id: UUID | None
    father_id: UUID | None


@dataclass(frozen=True, slots=True)
class Certificate:
    """One certificate; ``area`` is the 12-digit key where it was entered or issued."""

    id: UUID
    number: str
    first_holder_id: UUID
    second_holder_id: UUID | None
    child_id: UUID
    area: int
    kind: Kind
    issued_on: date
    state: State = State.VALID
    replaces: UUID | None = None
    ended_on: date | None = None
    cancel_reason: CancelReason | LossReason | None = None
    version: int = 1

    @property
    def holder_ids(self) -> list[UUID]:
        """One or two parents."""
        return [each for each in (self.first_holder_id, self.second_holder_id) if each is not None]


def number_of(district: str, year: int, position: int) -> str:
    """Return the number of the ``position``-th certificate made here: ``GR-340103-2026-0000123``."""
    return f"GR-{district}-{year}-{position:07d}"


def check_born(born: date, rules: Rules) -> None:
    """Raise Conflict ``born_from_2016`` for a child for whom the law provides no certificate."""
    if born > rules.last_birth:
        raise Conflict(
            "born_from_2016",
            f"该子女出生于 {born}; {rules.last_birth} 之后出生的, 依法不再发放独生子女父母光荣证",
            f"born on {born}: by law no certificate is issued for children born after {rules.last_birth}",
        )


def check_family(holders: Collection[Holder], child: Child) -> None:
    """Raise Conflict where the register names others as the child's parents, or a holder is the child."""
    ids = {each.id for each in holders}
    named = {each for each in (child.mother_id, child.father_id) if each is not None}
    wrong = child.id in ids or (len(named) == 2 and not ids <= named) or (named and not ids & named)
    if wrong:
        raise Conflict(
            "not_the_parents",
            "登记中该子女的父母不是所填的持证人",
            "the register names others as this child's parents",
        )


def check_only_child(holders: Collection[Holder]) -> None:
    """Raise Conflict where the register counts more than one child of a holder."""
    if any(each.children_count > 1 for each in holders):
        raise Conflict(
            "not_only_child",
            "登记中持证人的子女不止一个, 不能新发; 原有证件可以录入",
            "the register counts more than one child of a holder; an existing certificate can be entered",
        )


def check_issued_on(issued_on: date, born: date) -> None:
    """Raise Conflict for a certificate older than the child."""
    if issued_on < born:
        raise Conflict(
            "before_birth", f"发证日期早于子女出生日期 {born}", f"is dated before the birth on {born}"
        )


def replaced(certificate: Certificate, on: date, reason: LossReason) -> Certificate:
    """Return the certificate as replaced by another."""
    return _ended(certificate, State.REPLACED, on, reason)


def cancelled(certificate: Certificate, on: date, reason: CancelReason) -> Certificate:
    """Return the certificate cancelled."""
    return _ended(certificate, State.CANCELLED, on, reason)


def _ended(
    certificate: Certificate, state: State, on: date, reason: CancelReason | LossReason
) -> Certificate:
    if certificate.state is not State.VALID:
        label = STATE_LABELS[certificate.state]
        raise Conflict("not_valid", f"该证{label}", f"the certificate is {certificate.state}")
    if on < certificate.issued_on:
        raise Conflict("before_issue", "日期早于发证日期", "is dated before the certificate was issued")
    return replace(certificate, state=state, ended_on=on, cancel_reason=reason)
