"""Working days (工作日历) as migrant-api keeps them, taken over from its feed: days on which answers are due."""
