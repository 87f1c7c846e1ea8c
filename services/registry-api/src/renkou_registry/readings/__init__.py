"""Readings (查阅留痕): who read which person, what for and when; written before the answer leaves."""
