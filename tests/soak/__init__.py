"""Ordinary work for a long time, and whether anything grows that should not."""
