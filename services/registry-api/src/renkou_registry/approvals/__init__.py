"""Approvals (双人复核): what one asks for and another decides on before it is done, once."""
