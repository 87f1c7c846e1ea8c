"""How a service says what its tables hold about people and what for. No I/O."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Held:
    """A table: the code of the purpose that its fields serve, and the names of all of its fields."""

    purpose: str
    fields: tuple[str, ...]


def held(purpose: str, fields: str) -> Held:
    """Return a table's entry; ``fields`` are names with spaces between them."""
    return Held(purpose, tuple(fields.split()))
