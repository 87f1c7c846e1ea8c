"""Compares a printed proof with the record as it stands: the code is computed again from the record."""

import hmac

from renkou_common.database import Transaction
from renkou_common.errors import Conflict
from renkou_common.scope import AreaScope
from renkou_registry.childbirth import answers as childbirth_answers
from renkou_registry.childbirth import service as childbirth
from renkou_registry.honour import answers as honour_answers
from renkou_registry.honour import service as honour
from renkou_registry.prepregnancy import answers as prepregnancy_answers
from renkou_registry.prepregnancy import findings
from renkou_registry.prepregnancy import service as prepregnancy
from renkou_registry.proofs import printing
from renkou_registry.proofs.document import Proof, verification_code
from renkou_registry.runtime import Runtime
from renkou_registry.services_given import answers as service_answers
from renkou_registry.services_given import service as services

_EVERYWHERE = AreaScope.everything()


async def agrees(runtime: Runtime, tx: Transaction, number: str, code: str) -> bool:
    """Say whether a number and a code are those of a page that could be printed today.

    ``tx`` sees the whole district: any office may verify what anybody shows it. A wrong code and an unknown
    number are answered alike.
    """
    try:
        proof = await _proof(runtime, tx, number)
    except Conflict:  # withdrawn, cancelled, not given: nothing could be printed today
        return False
    if proof is None:
        return False
    expected = verification_code(runtime.cipher, proof)
    return hmac.compare_digest(_bare(expected), _bare(code))


async def _proof(runtime: Runtime, tx: Transaction, number: str) -> Proof | None:
    prefix, record_id = number.partition("-")[0], printing.id_in(number)
    if prefix == service_answers.PREFIX and record_id is not None:
        row = await services.find_any(tx, record_id)
        return await service_answers.proof(runtime, tx, _EVERYWHERE, row) if row else None
    if prefix == prepregnancy_answers.PREFIX and record_id is not None:
        found = await prepregnancy.find_any(tx, record_id)
        if found is None:
            return None
        read = findings.opened_by_person(runtime, found.steps)
        return await prepregnancy_answers.sheet(runtime, tx, _EVERYWHERE, found, read)
    row = await childbirth.find_by_number(tx, number, _EVERYWHERE)
    if row is not None:
        return await childbirth_answers.proof(runtime, tx, _EVERYWHERE, row)
    row = await honour.find_by_number(tx, number, _EVERYWHERE)
    return await honour_answers.proof(runtime, tx, _EVERYWHERE, row) if row else None


def _bare(code: str) -> bytes:
    return code.replace("-", "").replace(" ", "").upper().encode()
