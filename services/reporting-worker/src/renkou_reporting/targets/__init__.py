"""Targets (目标): what a figure of an area and period is to reach, agreed by two, and what is still missing."""
