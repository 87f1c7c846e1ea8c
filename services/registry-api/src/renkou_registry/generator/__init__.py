"""A made-up register of a real district: drawn from a seed, loaded by COPY.

The command is ``python -m renkou_registry.generate``.

:mod:`.drawing` draws people and households; each module of :mod:`.kinds` writes one kind of record about
them; :mod:`.loading` copies what they write. Another kind of record is another module in ``kinds.KINDS``.
"""
