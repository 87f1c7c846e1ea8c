"""Working days (工作日历): which days are worked, as data."""
