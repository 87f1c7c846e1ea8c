"""Working days (工作日历) as migrant-api keeps them, taken over from its feed: dates on which returns are due."""
