"""Visits (随访: offers of a visit, worklists, offline batches)."""
