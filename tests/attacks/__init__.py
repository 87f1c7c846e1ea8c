"""Attacks that a stranger, a caller or a file may try, each named after what it is after."""
