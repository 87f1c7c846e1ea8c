"""Figures beside an independent recomputation: another engine, other rules, the same facts."""
