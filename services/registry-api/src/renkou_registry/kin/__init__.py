"""Kin (亲属关系: mother, father, spouse, child, always from both sides)."""
