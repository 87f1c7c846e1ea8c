"""Proofs (凭证): what is printed for a person, with a number and a code by which an office can verify it."""
