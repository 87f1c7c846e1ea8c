"""Code lists (码表)."""
