"""What other registers know for the conditions of benefits; wired when a process is put together."""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from renkou_common.database import Transaction
from renkou_registry.benefits.facts import FactProvider
from renkou_registry.benefits.schemes.domain import Fact
from renkou_registry.honour import service as honour


async def honour_certificates(
    tx: Transaction, person_ids: Sequence[UUID], day: date
) -> Mapping[UUID, Mapping[Fact, bool]]:
    """Say who holds an honour certificate by the register on a day; of the others nothing is known here: one
    from elsewhere may be declared."""
    return {each: {Fact.HONOUR_CERTIFICATE: True} for each in await honour.holders(tx, person_ids, day)}


FACT_PROVIDERS: tuple[FactProvider, ...] = (honour_certificates,)
"""Every register that takes part."""
