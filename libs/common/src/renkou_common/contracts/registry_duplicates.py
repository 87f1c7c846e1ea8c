"""Events of duplicates: a record that joined another, and one that is separate again."""

from uuid import UUID

from renkou_common.contracts.registry import PersonEvent


class PersonMerged(PersonEvent):
    """The record of ``person_ref`` left the register because ``kept_ref`` stands for the same person.

    The lines reverse what it had contributed.
    """

    kept_ref: UUID


class PersonSeparated(PersonEvent):
    """A record that had joined another stands for itself again; the lines state it anew."""
