"""Employers (单位: legal representative, signed statement of a year)."""
