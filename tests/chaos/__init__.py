"""Faults under load, and the proof that nothing was lost or doubled: ``python -m tests.chaos --kills 40 --seed 1``."""
