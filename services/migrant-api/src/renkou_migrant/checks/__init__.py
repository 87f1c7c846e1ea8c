"""Checks of certificates that arrivals show (证明查验), without any network call."""
