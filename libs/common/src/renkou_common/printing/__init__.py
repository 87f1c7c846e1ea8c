"""Printing: one A4 page as PDF with embedded Chinese fonts; the same content gives the same bytes."""
