"""Cases behind a figure (统计个案): from the events that were counted to the records that the caller may read."""
