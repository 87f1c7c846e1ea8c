"""Protected columns of the register and the change of their keys."""
