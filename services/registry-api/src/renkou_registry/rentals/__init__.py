"""Rentals (出租房屋: landlord, agreement)."""
