"""Substitution during leave (请假代理): somebody's duties, held by a colleague from day to day."""
