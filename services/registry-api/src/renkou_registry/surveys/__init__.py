"""Surveys (问卷调查: satisfied or not, knows or not)."""
