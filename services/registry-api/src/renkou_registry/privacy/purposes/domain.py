"""What a purpose of processing is, when it is in force and what it covers. No I/O.

Personal Information Protection Law: a clear and reasonable purpose and the least that it needs (article 6), one
of the legal bases of article 13, a separate consent where sensitive information rests on consent (article 29).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from renkou_common.contracts.registry_privacy import FIRST_NOTICE_PURPOSES, NOTICE
from renkou_common.errors import FieldError, InvalidInput, Text
from renkou_registry.consents.domain import ConsentPurpose
from renkou_registry.privacy.purposes.holdings import HELD

NOTICE_KINDS = tuple(sorted(kind for kinds in FIRST_NOTICE_PURPOSES.values() for kind in kinds))


class Sort(StrEnum):
    """What a purpose covers, each written ``<sort>:<name>``."""

    RECORD = "record"  # 保存的表
    EXPORT = "export"  # 导出的名单
    NOTICE = "notice"  # 区县之间的通报


assert f"{Sort.NOTICE}:" == NOTICE


@dataclass(frozen=True, slots=True)
class Purpose:
    """A purpose; in force from ``active_from`` until the day before ``active_to``."""

    code: str
    zh: str
    en: str
    basis: str
    sensitive: bool
    needs_separate_consent: bool
    consent: str | None
    covers: tuple[str, ...]
    active_from: date
    active_to: date | None = None

    def in_force(self, on: date) -> bool:
        """Whether anything may be done for it on a day."""
        return self.active_from <= on and (self.active_to is None or on < self.active_to)


def known_covers(exports: Iterable[str]) -> dict[Sort, frozenset[str]]:
    """Return every name that a purpose can cover; ``exports`` are the lists that can be exported."""
    return {
        Sort.RECORD: frozenset(HELD),
        Sort.EXPORT: frozenset(exports),
        Sort.NOTICE: frozenset(NOTICE_KINDS),
    }


def check(purpose: Purpose, *, basis_is_consent: bool, exports: Iterable[str]) -> None:
    """Raise InvalidInput that names every fault of a purpose."""
    faults = [*_covers(purpose.covers, known_covers(exports)), *_consent(purpose, basis_is_consent)]
    if purpose.active_to is not None and purpose.active_to < purpose.active_from:
        text = Text("不得早于开始日期", "must not be before active_from")
        faults.append(FieldError("/active_to", "validity", text))
    if faults:
        raise InvalidInput.fields(faults)


def _covers(covers: Sequence[str], known: dict[Sort, frozenset[str]]) -> Iterable[FieldError]:
    for position, each in enumerate(covers):
        sort, _, name = each.partition(":")
        allowed = known.get(Sort(sort)) if sort in tuple(Sort) else None
        if allowed is None:
            sorts = ", ".join(f"{one}:" for one in Sort)
            text = Text(f"应以 {sorts} 之一开头", f"must begin with one of {sorts}")
            yield FieldError(f"/covers/{position}", "covers", text)
        elif name not in allowed:
            names = ", ".join(sorted(allowed))
            text = Text(f"没有 {name}; 可用: {names}", f"there is no {name}; there are {names}")
            yield FieldError(f"/covers/{position}", "covers", text)


def _consent(purpose: Purpose, basis_is_consent: bool) -> Iterable[FieldError]:
    if purpose.needs_separate_consent and purpose.consent is None:
        text = Text("需要单独同意的目的须写明同意项", "names the separate consent that is needed")
        yield FieldError("/consent", "consent_missing", text)
    if purpose.consent is not None and purpose.consent not in tuple(ConsentPurpose):
        names = ", ".join(ConsentPurpose)
        yield FieldError("/consent", "consent_unknown", Text(f"应为 {names} 之一", f"must be one of {names}"))
    if purpose.consent is not None and not basis_is_consent:
        text = Text("须同意的目的应以同意为法律依据", "what needs a consent has consent as its legal basis")
        yield FieldError("/basis", "basis_not_consent", text)


def not_covering(pointer: str, code: str, allowed: Sequence[Purpose]) -> InvalidInput:
    """Return the error for something that a purpose does not let happen today; names those that do."""
    zh = ", ".join(f"{each.code} ({each.zh})" for each in allowed) or "无"
    en = ", ".join(f"{each.code} ({each.en})" for each in allowed) or "none"
    return InvalidInput.field(
        pointer,
        "purpose_not_covering",
        f"目的 {code} 未启用、已终止或不涵盖此内容; 可用: {zh}",
        f"the purpose {code} is not in force or does not cover this; allowed: {en}",
    )
