"""Whether terms hold what an agreement may say at all. No I/O.

Both ends check: the one that drafts, and the one to which a proposal is handed.
"""

from collections.abc import Iterator
from datetime import timedelta

from renkou_common.errors import FieldError, InvalidInput, Text
from renkou_migrant.agreements.domain import Grant, Terms
from renkou_migrant.agreements.purposes import needs
from renkou_migrant.exchange.contracts import AGREED, MessageKind

LONGEST = timedelta(days=10 * 366)


def check_terms(terms: Terms) -> None:
    """Raise InvalidInput that names every fault: days, parties, kinds, purposes and members."""
    faults = [*_days(terms), *_grants(terms)]
    if faults:
        raise InvalidInput.fields(faults)


def _days(terms: Terms) -> Iterator[FieldError]:
    if terms.parties[0] == terms.parties[1]:
        yield _fault("/partner", "partner_self", "不能与本区签订协议", "must be another district")
    if terms.valid_to < terms.valid_from:
        yield _fault("/valid_to", "validity", "不得早于开始日期", "must not be before valid_from")
    elif terms.valid_to - terms.valid_from > LONGEST:
        yield _fault("/valid_to", "validity_long", "协议最长 10 年", "an agreement runs for 10 years at most")


def _grants(terms: Terms) -> Iterator[FieldError]:
    if not terms.grants:
        yield _fault("/kinds", "kinds_missing", "至少列明一类通报", "at least one kind is needed")
    seen: set[tuple[str, str]] = set()
    for position, grant in enumerate(terms.grants):
        pointer = f"/kinds/{position}"
        if (grant.sender, grant.kind) in seen:
            yield _fault(
                pointer, "kind_repeated", "同一方向的同类通报重复", "the same kind and direction twice"
            )
        seen.add((grant.sender, grant.kind))
        if grant.sender not in terms.parties:
            yield _fault(pointer, "sender", "发出方不是协议一方", "the sender is not a party")
        if grant.kind not in {kind.value for kind in AGREED}:
            yield _fault(
                f"{pointer}/kind",
                "kind_not_agreed",
                f"协议只能列明: {', '.join(sorted(AGREED))}",
                f"an agreement lists only: {', '.join(sorted(AGREED))}",
            )
        else:
            yield from _members(pointer, grant)


def _members(pointer: str, grant: Grant) -> Iterator[FieldError]:
    needed = needs(MessageKind(grant.kind))
    if grant.purpose != needed.purpose:
        yield _fault(
            f"{pointer}/purpose",
            "purpose_unknown",
            f"此类通报的目的只能是 {needed.purpose}",
            f"the purpose of this kind is {needed.purpose}",
        )
    if not grant.legal_basis.strip():
        yield _fault(f"{pointer}/legal_basis", "legal_basis", "须写明法律依据", "a legal basis is needed")
    yield from _listed(f"{pointer}/fields", grant.fields, needed.fields)
    yield from _listed(f"{pointer}/answer_fields", grant.answer_fields, needed.answer)
    for path in sorted(needed.required - grant.fields):
        yield _fault(
            f"{pointer}/fields",
            "field_required",
            f"缺少 {path}: 没有它, 此类通报不成立",
            f"{path} is missing: a message of this kind cannot do without it",
        )


def _listed(pointer: str, fields: frozenset[str], allowed: frozenset[str]) -> Iterator[FieldError]:
    for path in sorted(fields - allowed):
        yield _fault(
            pointer,
            "field_without_purpose",
            f"{path} 超出目的所需; 可列: {', '.join(sorted(allowed)) or '无'}",
            f"{path} is more than the purpose needs; allowed: {', '.join(sorted(allowed)) or 'none'}",
        )


def _fault(pointer: str, code: str, zh: str, en: str) -> FieldError:
    return FieldError(pointer, code, Text(zh, en))
