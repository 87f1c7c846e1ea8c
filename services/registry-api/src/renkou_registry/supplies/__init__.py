"""Supplies (药具账: batches, stock, issues, stocktaking)."""
