"""Petitions (信访: clocks for the first reply and the closing)."""
