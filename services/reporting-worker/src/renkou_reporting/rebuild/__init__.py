"""Rebuilds (重算): facts and cells made anew from the feeds, compared exactly and swapped in."""
