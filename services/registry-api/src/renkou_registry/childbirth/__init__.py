"""Childbirth (生育登记: a record, open to everyone)."""
