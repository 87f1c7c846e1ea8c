"""Duplicates (疑似重复: candidates, side by side, merge and unmerge)."""
