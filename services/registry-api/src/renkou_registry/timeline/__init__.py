"""Timeline (历史时点: what was true on a day as known on a day)."""
