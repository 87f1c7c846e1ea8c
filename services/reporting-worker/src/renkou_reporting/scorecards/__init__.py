"""Scorecards (责任书、考核): indicators with targets, weights and scoring rules; a score for each area's office."""
