"""What must be there once stays so while index keys change: then equal texts stand under different blind indexes.

The unique index of a column sees no two versions of an index, so for that time whoever writes one looks for all
versions, one writer after another.
"""

from collections.abc import Iterable, Sequence
from uuid import UUID

from renkou_common.crypto import FieldCipher
from renkou_common.database import Transaction

_LOCK = "SELECT pg_advisory_xact_lock(hashtext('renkou.blind_index'))"


async def serialise(cipher: FieldCipher, tx: Transaction) -> bool:
    """Let nobody else write a unique blind index until the transaction ends; False where that is not needed."""
    if not cipher.indexes_change:
        return False
    await tx.execute(_LOCK)
    return True


def repeated(indexes: Iterable[tuple[UUID, Sequence[bytes]]], standing: set[bytes]) -> set[UUID]:
    """Return which rows have an index that stands already, or that a row before them has."""
    seen, found = set(standing), set()
    for row_id, own in indexes:
        if seen.intersection(own):
            found.add(row_id)
        seen.update(own)
    return found
