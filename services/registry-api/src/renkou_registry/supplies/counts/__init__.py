"""Stocktaking (盘点): a count sheet, its differences booked by another person."""
