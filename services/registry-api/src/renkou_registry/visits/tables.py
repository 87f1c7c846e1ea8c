"""Tables of visits. Schema only; queries are in :mod:`.repository`.

``FLOOR`` maps tables to the predicate of their row-level policy, ``APPEND_ONLY`` names tables whose rows are
never changed or deleted; the migration reads both.
"""

FLOOR: dict[str, str] = {}
APPEND_ONLY: tuple[str, ...] = ()
