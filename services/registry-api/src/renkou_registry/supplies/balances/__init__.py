"""Balances by month, what expires soon and what runs short (月报, 效期, 补货)."""
