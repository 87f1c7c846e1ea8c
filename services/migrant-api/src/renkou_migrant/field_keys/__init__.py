"""Protected columns of the exchange and the change of their keys."""
