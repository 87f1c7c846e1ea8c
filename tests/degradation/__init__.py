"""What goes on, and what callers see, while a part of a node is down or slow: one test for each row of the table in
docs/degradation.md."""
