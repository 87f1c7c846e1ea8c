"""Feeds (事件流): how far they are taken in, what is held, what went wrong."""
