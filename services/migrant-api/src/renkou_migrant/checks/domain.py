"""What a check came to, and whether a certificate is that of the person who shows it. No I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

from renkou_common.errors import Text
from renkou_migrant.credentials.groups import Group
from renkou_migrant.credentials.reasons import Reason
from renkou_migrant.credentials.sdjwt import Certificate
from renkou_migrant.credentials.verifier import Outcome, VerificationResult


class CheckCode(StrEnum):
    """Reasons beside those of the certificate itself."""

    TRUST_LIST_MISSING = "trust_list_missing"  # unknown
    PERSON_DIFFERS = "person_differs"  # refused
    PERSON_NOT_SHOWN = "person_not_shown"  # unknown


_TEXTS = {
    CheckCode.TRUST_LIST_MISSING: Text(
        "尚未导入信任名单，不能确认", "No trust list has been accepted here yet: unknown."
    ),
    CheckCode.PERSON_DIFFERS: Text(
        "证明有效，但不是该流入人员的证明", "The certificate is valid but another person's."
    ),
    CheckCode.PERSON_NOT_SHOWN: Text(
        "没有出示姓名或身份号码，不能确认是本人的证明",
        "Neither name nor ID number is shown, so it can't be told whose certificate it is.",
    ),
}


@dataclass(frozen=True, slots=True)
class ShownProof:
    """A holder's proof that passed, by its digest, and until when it would pass again (seconds since 1970)."""

    digest: str
    until: float


class FirstLook:
    """A ``ReplayMemory`` that lets the one proof of a verification pass and says which it was.

    Whether it was used before is asked of the database, which all processes of the node share.
    """

    def __init__(self) -> None:
        self.proof: ShownProof | None = None

    def first_use(self, proof: str, until: float, now: float) -> bool:
        """See ``ReplayMemory``."""
        self.proof = ShownProof(proof, until)
        return True


@dataclass(frozen=True, slots=True)
class CheckResult:
    """Valid, refused or unknown, with the stable code; ``certificate`` is what can be believed of it.

    ``proof``: it counts only if this proof was not used before.
    """

    result: Outcome
    code: str
    certificate: Certificate | None = None
    proof: ShownProof | None = None


@dataclass(frozen=True, slots=True)
class ArrivedPerson:
    """The person of the arrival, as the register has it."""

    name: str
    birth_date: date
    resident_id: str | None


def of_verification(found: VerificationResult, proof: ShownProof | None) -> CheckResult:
    """Return what the offline verifier said, and the proof that it let pass."""
    return CheckResult(found.outcome, found.code, found.certificate, proof)


def replayed(found: CheckResult) -> CheckResult:
    """Return the result for a proof that was used before."""
    return CheckResult(Outcome.REFUSED, Reason.HOLDER_PROOF_REPLAYED, found.certificate)


def trust_list_missing() -> CheckResult:
    """Return the result where nothing can be verified yet."""
    return CheckResult(Outcome.UNKNOWN, CheckCode.TRUST_LIST_MISSING)


def compared(found: CheckResult, person: ArrivedPerson) -> CheckResult:
    """Return the result for a certificate shown by a certain person; only a valid one can change."""
    if found.result is not Outcome.VALID or found.certificate is None:
        return found
    groups: Mapping[Group, Any] = found.certificate.groups
    shown, number = groups.get(Group.PERSON), groups.get(Group.ID_NUMBER)
    if shown is None and number is None:
        return replace(found, result=Outcome.UNKNOWN, code=CheckCode.PERSON_NOT_SHOWN)
    same = True
    if shown is not None:
        same = shown["name"] == person.name and shown["birth_date"] == person.birth_date.isoformat()
    if number is not None:
        same = same and number == person.resident_id
    return found if same else replace(found, result=Outcome.REFUSED, code=CheckCode.PERSON_DIFFERS)


def text_of(code: str) -> Text:
    """Return what a code means; raises ValueError for an unknown one."""
    if code in frozenset(CheckCode):
        return _TEXTS[CheckCode(code)]
    reason = Reason(code)
    return Text(reason.zh, reason.en)
