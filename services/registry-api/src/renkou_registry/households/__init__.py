"""Households (户): number, kind, address and members with their relation to the head."""
