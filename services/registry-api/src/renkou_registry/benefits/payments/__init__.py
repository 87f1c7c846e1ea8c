"""Payments (发放): dues, batches, results, and what a corrected record changes."""
