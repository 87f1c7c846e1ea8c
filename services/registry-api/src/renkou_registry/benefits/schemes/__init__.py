"""Schemes (奖扶项目): versioned definitions as data, and what they say about a person on a day."""
