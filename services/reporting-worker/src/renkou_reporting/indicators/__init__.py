"""Indicators (考核指标) as data: definitions, their validation, and the list for callers."""
