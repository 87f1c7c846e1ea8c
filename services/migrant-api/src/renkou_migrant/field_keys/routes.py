"""HTTP of field keys: for who runs the node, and the auditor. Counts only."""

from collections.abc import AsyncIterator

from renkou_common.crypto import FieldCipher
from renkou_common.database import Transaction
from renkou_common.field_keys.http import field_key_router
from renkou_common.identity.http import requires
from renkou_common.identity.roles import Scope
from renkou_common.scope import AreaScope
from renkou_migrant.field_keys.columns import PROTECTED
from renkou_migrant.runtime import CurrentRuntime


async def _transaction(runtime: CurrentRuntime) -> AsyncIterator[Transaction]:
    async with runtime.database.transaction(AreaScope.everything(), read_only=True) as tx:
        yield tx


async def _cipher(runtime: CurrentRuntime) -> FieldCipher:
    return runtime.cipher


router = field_key_router("migrant-api", PROTECTED, requires(Scope.FIELD_KEY_READ), _transaction, _cipher)
