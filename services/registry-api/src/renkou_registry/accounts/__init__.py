"""Accounts of persons (居民账号): opened by a worker who has seen the person, activated by the person."""
