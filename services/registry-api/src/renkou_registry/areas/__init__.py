"""The division tree (行政区划)."""
