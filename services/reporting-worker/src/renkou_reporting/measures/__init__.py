"""Measures (计量) as data: what is counted, of whom, in which unit, and where it comes from."""
