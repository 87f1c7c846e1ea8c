"""Aggregate returns (汇总报表): counts that are handed in per area and month instead of case by case."""
