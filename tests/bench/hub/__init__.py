"""A hub under simulated partner districts: how many it carries, what they cost it, and what bounds it."""
