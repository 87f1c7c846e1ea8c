"""Protected columns as data: where sealed values and blind indexes stand, and what each is bound to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from renkou_common.crypto import FieldCipher


@dataclass(frozen=True, slots=True)
class BlindIndex:
    """The column by which a sealed value is looked up. ``text`` is what is indexed: ``{value}`` and columns."""

    column: str
    text: str = "{value}"
    reads: tuple[str, ...] = ()
    """Columns named in ``text``."""


@dataclass(frozen=True, slots=True)
class ProtectedColumn:
    """A column of values sealed by :class:`renkou_common.crypto.FieldCipher`.

    ``key`` is the table's primary key. ``context`` is what a value is bound to, with names of key columns and of
    ``reads`` in braces; where it is not spelled so, ``contexts`` has it by that text.
    """

    table: str
    column: str
    key: tuple[str, ...]
    context: str
    zh: str
    en: str
    health: bool = False
    index: BlindIndex | None = None
    reads: tuple[str, ...] = ()
    contexts: Mapping[str, str] = field(default_factory=dict)
    batch: int = 500
    """Rows that are sealed anew in one transaction; few where a value is a part of a file."""

    def bound_to(self, row: Mapping[str, Any]) -> str:
        """Return what the value of a row is bound to."""
        text = self.context.format_map(row) if "{" in self.context else self.context
        return self.contexts.get(text, text)

    def resealed(self, cipher: FieldCipher, row: Mapping[str, Any]) -> bytes:
        """Return a row's value under the key that is written with now."""
        context = self.bound_to(row)
        return cipher.seal(cipher.unseal(row[self.column], context), context)

    def reindexed(self, cipher: FieldCipher, row: Mapping[str, Any]) -> bytes:
        """Return a row's blind index under the key that is written with now; the column has to have one."""
        assert self.index is not None
        context = self.bound_to(row)
        value = cipher.decrypt(row[self.column], context)
        return cipher.blind_index(self.index.text.format(**row, value=value), context)


@dataclass(frozen=True, slots=True)
class UnprotectedBytes:
    """A column of bytes that is not sealed by the field cipher, and why not."""

    table: str
    column: str
    reason: str
