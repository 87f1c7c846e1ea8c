"""More than a node can serve, and what it does then."""
