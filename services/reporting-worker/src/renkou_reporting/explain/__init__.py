"""Explaining figures (数字溯源): from a figure to its cells, facts and cases, and why it changed."""
