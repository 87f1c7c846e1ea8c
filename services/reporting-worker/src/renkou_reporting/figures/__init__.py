"""Figures (统计数字): an indicator for an area, a population and a period."""
