"""Since when people registered here are away (流出时段), copied from the register's population lines."""
