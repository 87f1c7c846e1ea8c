"""The ledger (药具账): documents that bring in, take out or set right; first expiry first out."""
